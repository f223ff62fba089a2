from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest

from mixmaster.arrays import Block
from mixmaster.song import SAMPLE_RATE_HZ, Stem, score


def loudness(samples: Block) -> float:
    meter = pyloudnorm.Meter(SAMPLE_RATE_HZ, filter_class="DeMan")
    return float(meter.integrated_loudness(samples.T))


def section(track: Block, first_beat: float, last_beat: float) -> Block:
    return track[:, score.beat_to_frame(first_beat) : score.beat_to_frame(last_beat)]


def test_peaks_are_those_of_a_session_and_nothing_clips(song: dict[str, Stem]) -> None:
    for name, stem in song.items():
        peak_dbfs = 20.0 * np.log10(np.abs(stem.samples.astype(np.int32)).max() / 32_768.0)
        assert -12.1 < peak_dbfs < -2.9, name


def test_stems_are_spread_over_a_dozen_loudness_units(audio: dict[str, Block]) -> None:
    figures = [loudness(track) for track in audio.values()]
    assert 8.0 < max(figures) - min(figures) < 15.0
    assert min(figures) > -33.0
    assert max(figures) < -15.0


def test_nothing_has_an_offset(audio: dict[str, Block]) -> None:
    for name, track in audio.items():
        assert np.abs(track.mean(axis=1)).max() < 1e-3, name


def test_every_file_starts_and_ends_without_a_click(audio: dict[str, Block]) -> None:
    for name, track in audio.items():
        assert np.abs(track[:, 0]).max() < 1e-3, name
        assert np.abs(track[:, -1]).max() < 1e-3, name


def test_the_chorus_is_the_loud_part(audio: dict[str, Block]) -> None:
    total = sum((track.mean(axis=0, keepdims=True) for track in audio.values()), np.zeros((1, 1)))
    verse, chorus = loudness(section(total, 0, 16)), loudness(section(total, 16, 32))
    assert 2.0 < chorus - verse < 9.0


def test_the_lead_has_a_place_in_the_band(audio: dict[str, Block]) -> None:
    lead = loudness(section(audio["Lead Vox"], 16, 32))
    band = [
        track.mean(axis=0, keepdims=True) for name, track in audio.items() if name != "Lead Vox"
    ]
    rest = loudness(section(sum(band, np.zeros((1, 1))), 16, 32))
    assert -12.0 < lead - rest < 0.0


def test_the_sum_is_as_full_as_music(audio: dict[str, Block]) -> None:
    """Pink noise has equal power in every octave; music falls some 3 dB/octave below that."""
    total = sum((track.mean(axis=0) for track in audio.values()), np.zeros(1))
    power = np.abs(np.fft.rfft(total)) ** 2
    hz = np.fft.rfftfreq(total.size, 1.0 / SAMPLE_RATE_HZ)
    centres = 62.5 * 2.0 ** np.arange(8)
    octaves = [
        10.0 * np.log10(power[(hz >= c * 2**-0.5) & (hz < c * 2**0.5)].sum()) for c in centres
    ]
    slope_db_per_octave = np.polyfit(np.arange(8), octaves, 1)[0]
    assert -5.0 < slope_db_per_octave < -0.5
    assert max(octaves) - min(octaves) < 25.0


@pytest.mark.parametrize(("name", "low_db", "high_db"), [
    ("Kick In", 18.0, 27.0), ("Sn Top", 18.0, 28.0), ("OH.L", 17.0, 26.0),
    ("Bass DI", 9.0, 18.0), ("Bass Amp", 8.0, 15.0), ("EGtr L", 9.0, 18.0),
    ("Lead Vox", 12.0, 20.0),
])  # fmt: skip
def test_crest_factors_are_those_of_the_instruments(
    audio: dict[str, Block], name: str, low_db: float, high_db: float
) -> None:
    track = audio[name]
    crest = 20.0 * np.log10(np.abs(track).max() / np.sqrt(np.mean(track**2)))
    assert low_db < crest < high_db


def test_the_amplifier_flattens_what_the_bass_sends_it(audio: dict[str, Block]) -> None:
    def crest(track: Block) -> float:
        return float(np.abs(track).max() / np.sqrt(np.mean(track**2)))

    assert crest(audio["Bass Amp"]) < 0.85 * crest(audio["Bass DI"])
