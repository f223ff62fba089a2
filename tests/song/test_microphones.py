from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, correlate, correlation_lags, sosfiltfilt

from mixmaster.arrays import Block
from mixmaster.song import SAMPLE_RATE_HZ, score
from mixmaster.song.microphones import KICK_IN_SNARE_DB, ROOM_DELAY_MS
from mixmaster.song.strings import BASS_AMP_DELAY_MS


def band(signal: Block, low_hz: float, high_hz: float) -> Block:
    sos = butter(2, (low_hz, high_hz), btype="bandpass", fs=SAMPLE_RATE_HZ, output="sos")
    return np.asarray(sosfiltfilt(sos, signal))


def later_by_ms(late: Block, early: Block, most_ms: float = 40.0) -> float:
    """The lag at which two signals are most alike, whichever the polarity."""
    lags = correlation_lags(late.size, early.size) * 1e3 / SAMPLE_RATE_HZ
    alike = np.abs(correlate(late, early, method="fft"))
    near = np.abs(lags) < most_ms
    return float(lags[near][np.argmax(alike[near])])


def stroke(track: Block, beat: float, beats: float = 0.4) -> Block:
    first = score.beat_to_frame(beat, -15.0)
    return track[first : first + round(beats * 60.0 / score.TEMPO_BPM * SAMPLE_RATE_HZ)]


@pytest.mark.parametrize("side", [0, 1])
def test_the_room_pair_is_late(audio: dict[str, Block], side: int) -> None:
    close = band(audio["Sn Top"][0], 2_000.0, 8_000.0)
    room = band(audio["Room"][side], 2_000.0, 8_000.0)
    assert later_by_ms(room, close) == pytest.approx(ROOM_DELAY_MS, abs=0.2)


def test_the_room_goes_on_when_the_stroke_is_over(audio: dict[str, Block]) -> None:
    """RT60 is 0.55 s: some 100 ms on, the room has lost less than the close microphone."""
    beat = 5.0

    def lost_db(track: Block) -> float:
        sound = band(track, 1_000.0, 6_000.0)
        hit, after = stroke(sound, beat, 0.1), stroke(sound, beat + 0.32, 0.1)
        return float(10.0 * np.log10(np.mean(hit**2) / np.mean(after**2)))

    assert lost_db(audio["Sn Top"][0]) > lost_db(audio["Room"][0]) + 3.0


def test_the_overheads_hear_the_snare_later_than_its_own_microphone(
    audio: dict[str, Block],
) -> None:
    close = band(audio["Sn Top"][0], 2_000.0, 8_000.0)
    for name in ("OH.L", "OH.R"):
        late_ms = later_by_ms(band(audio[name][0], 2_000.0, 8_000.0), close)
        assert 2.5 < late_ms < 3.5  # about a metre


def test_the_bass_amplifier_is_late(audio: dict[str, Block]) -> None:
    direct = band(audio["Bass DI"][0], 150.0, 1_500.0)
    amp = band(audio["Bass Amp"][0], 150.0, 1_500.0)
    assert later_by_ms(amp, direct, 5.0) == pytest.approx(BASS_AMP_DELAY_MS, abs=0.2)


def test_the_kick_bleeds_into_the_snare_microphone(audio: dict[str, Block]) -> None:
    """Under the snare's lowest mode the kick is alone; its own microphone gives the scale."""
    mic, own = audio["Sn Top"][0], audio["Kick In"][0]
    beats = [hit.beat for hit in score.KICK if hit.velocity >= 0.85 and hit.beat % 2 == 0.0]
    backbeats = [hit.beat for hit in score.SNARE if hit.velocity >= 0.9 and hit.beat % 2 == 1.0]
    assert len(beats) >= 6
    assert len(backbeats) >= 6

    def low_peak(track: Block) -> float:
        low = band(track, 35.0, 110.0)
        return float(np.median([np.abs(stroke(low, beat)).max() for beat in beats]))

    def peak(track: Block, at: list[float]) -> float:
        return float(np.median([np.abs(stroke(track, beat)).max() for beat in at]))

    bleed = low_peak(mic) * peak(own, beats) / low_peak(own)
    bleed_db = 20.0 * np.log10(bleed / peak(mic, backbeats))
    assert bleed_db == pytest.approx(KICK_IN_SNARE_DB, abs=3.0)


def test_the_bleed_is_the_kick_that_its_own_microphone_hears(audio: dict[str, Block]) -> None:
    beat = 4.0
    own = stroke(band(audio["Kick In"][0], 35.0, 110.0), beat)
    bleed = stroke(band(audio["Sn Top"][0], 35.0, 110.0), beat)
    alike = np.abs(correlate(bleed, own)).max()
    assert alike / np.sqrt(np.sum(own**2) * np.sum(bleed**2)) > 0.9


@pytest.mark.parametrize("name", ["Toms", "OH.L", "OH.R", "Room", "Kick In"])
def test_every_drum_microphone_hears_the_snare(audio: dict[str, Block], name: str) -> None:
    mic = band(audio[name][0], 150.0, 1_500.0)
    beats = [hit.beat for hit in score.SNARE if hit.velocity >= 0.9 and 0 < hit.beat < 14.0]
    hits = np.median([np.mean(stroke(mic, beat, 0.15) ** 2) for beat in beats])
    before = np.median([np.mean(stroke(mic, beat - 0.2, 0.1) ** 2) for beat in beats])
    assert 10.0 * np.log10(hits / before) > 6.0
