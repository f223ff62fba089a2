"""The true peak of music against an ideal band-limited look at 32 times the rate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.metering.meter_tones import true_peak_dbtp

from mixmaster.arrays import Block
from mixmaster.audio.source import open_source

SONG = Path(__file__).parents[2] / "test_audio"
FACTOR = 32
SECONDS = 4


def ideal_peak_dbtp(signal: Block) -> float:
    """The largest value of the band-limited signal, by zero-padding its whole spectrum."""
    frames = signal.shape[1]
    fine = (np.fft.irfft(np.fft.rfft(row), n=frames * FACTOR) * FACTOR for row in signal)
    return 20.0 * float(np.log10(max(np.abs(row).max() for row in fine)))


def song() -> Block:
    parts = []
    for name in ("01_Kick In", "02_Sn Top", "07_Bass DI", "09_EGtr L", "12_Lead Vox"):
        with open_source(SONG / f"{name}.flac") as source:
            parts.append(source.read(SECONDS * source.sample_rate_hz))
    signal = np.asarray(np.sum(parts, axis=0))
    edge = np.sin(np.linspace(0.0, np.pi / 2.0, 2_000)) ** 2  # a spectrum sees a loop: no jump
    signal[:, :2_000] *= edge
    signal[:, -2_000:] *= edge[::-1]
    return signal


@pytest.mark.parametrize("clipped_db", [None, 3.0, 9.0], ids=str)
def test_music_reads_what_an_ideal_look_finds(clipped_db: float | None) -> None:
    signal = song()
    if clipped_db is not None:
        ceiling = np.abs(signal).max() * 10.0 ** (-clipped_db / 20.0)
        signal = np.clip(signal, -ceiling, ceiling)
    assert true_peak_dbtp(signal, 44_100) == pytest.approx(ideal_peak_dbtp(signal), abs=0.05)
