"""What a file was: bits, encoders and lower rates are seen, natural sounds are left alone."""

from __future__ import annotations

import io

import numpy as np
import pytest
from tests.metering.programme_signals import fed, noise, quantised

from mixmaster.metering.provenance import ProvenanceFigures, ProvenanceMeter

SECONDS = 4.0


def provenance(signal: np.ndarray, rate: int) -> ProvenanceFigures:
    return fed(ProvenanceMeter(rate, signal.shape[0]), signal)


def music(rate: int, slope: float = 1.0) -> np.ndarray:
    """Strokes over a steady sound, both channels different, in 24 bits."""
    signal = noise(SECONDS, rate, slope=slope, channels=2)
    t = np.arange(signal.shape[1]) / rate
    return quantised(signal * (0.3 + 0.7 * np.exp(-((t * 4) % 1.0) * 6)), 24)


def orchestra(rate: int, db_per_octave: float) -> np.ndarray:
    """Pink noise whose highs fall ever further from 2 kHz on, over dither of 24 bits."""
    signal = noise(SECONDS, rate, slope=1.0, channels=2)
    hz = np.fft.rfftfreq(signal.shape[1], 1 / rate)
    octaves = np.log2(np.maximum(hz, 2_000) / 2_000)
    falling = np.fft.rfft(signal) * 10 ** (-db_per_octave * octaves / 20)
    return quantised(np.fft.irfft(falling, signal.shape[1]), 24, dither=True)


def coded(signal: np.ndarray, rate: int, container: str, subtype: str) -> np.ndarray:
    """A round trip through a lossy encoder, and to a WAV of 16 bits."""
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, signal.T, rate, format=container, subtype=subtype)
    file.seek(0)
    decoded, _ = soundfile.read(file, always_2d=True)
    return quantised(decoded.T, 16, dither=True)


def converted(signal: np.ndarray, rate: int, to_rate: int) -> np.ndarray:
    import soxr

    return quantised(soxr.resample(signal.T, rate, to_rate, "HQ").T, 24)


@pytest.mark.parametrize("bits", [8, 12, 16, 20, 24])
@pytest.mark.parametrize("gain", [1.0, 0.01])
def test_the_bits_of_a_file_are_those_its_samples_use(bits: int, gain: float) -> None:
    signal = quantised(gain * noise(1.0, 8_000, channels=2), bits)
    assert provenance(signal, 8_000).effective_bit_depth == bits


def test_32_bits_are_seen_in_the_quiet_samples() -> None:
    signal = quantised(noise(1.0, 8_000), 32)
    assert provenance(signal, 8_000).effective_bit_depth == 32


def test_one_finer_sample_is_enough() -> None:
    signal = quantised(noise(20.0, 8_000), 16)
    signal[0, 150_000] += 2.0**-23
    assert provenance(signal, 8_000).effective_bit_depth == 24


def test_floating_point_has_no_bit_depth() -> None:
    figures = provenance(noise(1.0, 8_000), 8_000)
    assert figures.effective_bit_depth is None
    assert figures.reasons["effective_bit_depth"] == "the samples need floating point"


def test_silence_has_no_past() -> None:
    figures = provenance(np.zeros((2, 100_000)), 48_000)
    assert figures.effective_bit_depth is None
    assert figures.bandwidth_verdict == "unknown"
    assert figures.reasons["effective_bit_depth"] == "digital silence"
    assert figures.reasons["bandwidth_hz"] == "digital silence"


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("slope", [0.0, 1.0])
def test_full_bands_are_full(rate: int, slope: float) -> None:
    figures = provenance(music(rate, slope), rate)
    assert (figures.bandwidth_verdict, figures.bandwidth_hz) == ("full", rate / 2)


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("db_per_octave", [6.0, 12.0, 24.0, 36.0])
def test_highs_that_fall_by_themselves_are_no_wall(rate: int, db_per_octave: float) -> None:
    assert provenance(orchestra(rate, db_per_octave), rate).bandwidth_verdict == "full"


def test_a_few_pure_tones_are_no_wall() -> None:
    t = np.arange(4 * 48_000) / 48_000
    tones = sum(0.1 / k * np.sin(2 * np.pi * 440.0 * k * t) for k in range(1, 40, 2))
    assert provenance(quantised(np.asarray(tones)[None], 24, dither=True), 48_000).bandwidth_hz == (
        24_000.0
    )


@pytest.mark.parametrize(
    ("container", "subtype", "rate", "between_hz"),
    [
        ("MP3", "MPEG_LAYER_III", 44_100, (15_500, 20_000)),
        ("MP3", "MPEG_LAYER_III", 48_000, (15_500, 20_000)),
        ("OGG", "VORBIS", 44_100, (15_500, 20_500)),
        ("OGG", "OPUS", 48_000, (19_500, 20_500)),
    ],
)
@pytest.mark.parametrize("slope", [0.0, 1.0])
def test_a_lossy_encoder_is_seen(
    container: str, subtype: str, rate: int, between_hz: tuple[float, float], slope: float
) -> None:
    figures = provenance(coded(music(rate, slope), rate, container, subtype), rate)
    assert figures.bandwidth_verdict == "lossy"
    assert figures.bandwidth_hz is not None
    assert between_hz[0] <= figures.bandwidth_hz <= between_hz[1]
    assert figures.effective_bit_depth == 16


@pytest.mark.parametrize(
    ("rate", "to_rate"),
    [
        (44_100, 48_000),
        (44_100, 96_000),
        (44_100, 192_000),
        (48_000, 96_000),
        (96_000, 192_000),
        (22_050, 44_100),
        (8_000, 48_000),
    ],
)
def test_a_lower_rate_is_seen(rate: int, to_rate: int) -> None:
    figures = provenance(converted(music(rate), rate, to_rate), to_rate)
    assert figures.bandwidth_verdict == "upsampled"
    assert f"conversion from {rate} Hz" in figures.bandwidth_note
    assert figures.bandwidth_hz == pytest.approx(rate / 2, rel=0.08)
    assert figures.effective_bit_depth == 24


@pytest.mark.parametrize(("rate", "to_rate"), [(96_000, 48_000), (48_000, 44_100)])
def test_a_higher_rate_leaves_the_full_band(rate: int, to_rate: int) -> None:
    assert provenance(converted(music(rate), rate, to_rate), to_rate).bandwidth_verdict == "full"


def test_treble_in_opposite_phase_is_seen_too() -> None:
    signal = music(44_100)
    signal[1] = -signal[0]
    assert provenance(converted(signal, 44_100, 96_000), 96_000).bandwidth_verdict == "upsampled"


def test_any_cut_gives_the_same_figures() -> None:
    signal = music(44_100)
    whole = fed(ProvenanceMeter(44_100, 2), signal, signal.shape[1])
    assert fed(ProvenanceMeter(44_100, 2), signal, 7_001) == whole
