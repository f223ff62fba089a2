"""Second opinions: pyloudnorm with the ITU's coefficients, and FFmpeg's ebur128."""

from __future__ import annotations

import math

import av
import numpy as np
import pyloudnorm
import pytest
from scipy.signal import butter, sosfilt
from tests.metering.meter_tones import fed_loudness, true_peak_dbtp

from mixmaster.arrays import Block


def programme(rate: int, channels: int, seed: int) -> Block:
    """Bursts of pink-like noise, 0.2 to 2 s at -45 to -10 dBFS, for 24 s."""
    rng = np.random.default_rng(seed)
    frames = 24 * rate
    noise = sosfilt(butter(1, 400, fs=rate, output="sos"), rng.standard_normal((channels, frames)))
    noise += 0.05 * rng.standard_normal((channels, frames))
    ends = np.cumsum(rng.uniform(0.2, 2.0, 120))
    levels = 10 ** (rng.uniform(-45, -10, 121) / 20)
    envelope = levels[np.searchsorted(ends, np.arange(frames) / rate)]
    return np.ascontiguousarray(noise / noise.std() * envelope)


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_pyloudnorm_agrees(rate: int, channels: int) -> None:
    block = programme(rate, channels, rate + channels)
    theirs = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(block.T)
    assert fed_loudness(block, rate).result().integrated_lufs == pytest.approx(theirs, abs=0.05)


def ebur128(block: Block, rate: int) -> dict[str, float]:
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=rate, format="fltp", layout="stereo")
    meter = graph.add("ebur128", "peak=true:metadata=1:framelog=quiet")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    figures: dict[str, str] = {}
    for start in range(0, block.shape[1], 4_096):
        part = block[:, start : start + 4_096].astype(np.float32)
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="stereo")
        frame.sample_rate = rate
        graph.push(frame)
        while True:
            try:
                figures = dict(graph.pull().metadata)
            except (av.BlockingIOError, av.EOFError):
                break
    values = {key.removeprefix("lavfi.r128."): float(value) for key, value in figures.items()}
    peak = max(values["true_peaks_ch0"], values["true_peaks_ch1"])
    return {"I": values["I"], "LRA": values["LRA"], "true_peak": 20 * math.log10(peak)}


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_ffmpeg_agrees(rate: int) -> None:
    block = programme(rate, 2, rate)
    # music is band-limited; on noise up to half the rate true-peak meters differ by their kernels
    block = sosfilt(butter(8, 0.35 * rate, fs=rate, output="sos"), block)
    theirs, ours = ebur128(block, rate), fed_loudness(block, rate).result()
    assert ours.integrated_lufs == pytest.approx(theirs["I"], abs=0.05)
    # FFmpeg also counts the windows that begin before the signal, as if silence came first
    assert ours.loudness_range_lu == pytest.approx(theirs["LRA"], abs=0.5)
    assert true_peak_dbtp(block, rate) == pytest.approx(theirs["true_peak"], abs=0.1)
