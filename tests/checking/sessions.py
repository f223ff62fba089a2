"""Signals for the checks: a band of noise bursts, moved and turned by closed forms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile as sf

from mixmaster.arrays import Block
from mixmaster.checking.findings import CheckReport, Finding

RATE_HZ = 44_100


def bursts(seed: int, seconds: float = 10.0, rate_hz: int = RATE_HZ) -> Block:
    """Return decaying bursts of noise at irregular times: a broad-band instrument, peak 0.3."""
    random = np.random.default_rng(seed)
    frames = round(seconds * rate_hz)
    out = np.zeros(frames)
    at = 0.05 * rate_hz
    while at < frames - 0.3 * rate_hz:
        length = round(random.uniform(0.15, 0.3) * rate_hz)
        decay = np.exp(-np.arange(length) / (0.05 * rate_hz)) * np.linspace(1.0, 0.0, length)
        start = round(at)
        out[start : start + length] += decay * random.standard_normal(length)
        at += random.uniform(0.2, 0.5) * rate_hz
    return np.asarray(0.3 * out / np.max(np.abs(out)))


def delayed(signal: Block, ms: float, rate_hz: int = RATE_HZ) -> Block:
    """Return the signal later by any time: a linear phase in the frequency domain."""
    size = 2 * signal.size
    spectrum = np.fft.rfft(signal, size)
    turns = np.exp(-2j * np.pi * np.fft.rfftfreq(size, 1.0 / rate_hz) * ms * 1e-3)
    return np.asarray(np.fft.irfft(spectrum * turns, size)[: signal.size])


def noise(seed: int, frames: int, level: float) -> Block:
    """Return white noise of this RMS."""
    return level * np.random.default_rng(seed).standard_normal(frames)


def sine(hz: float, seconds: float, peak: float, rate_hz: int = RATE_HZ) -> Block:
    """Return a sine."""
    return peak * np.sin(2.0 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)


def write(path: Path, signal: Block, rate_hz: int = RATE_HZ, subtype: str = "PCM_24") -> Path:
    """Write ``(frames,)`` or ``(channels, frames)`` and return the path."""
    sf.write(path, signal.T, rate_hz, subtype=subtype)
    return path


def codes(report: CheckReport) -> set[str]:
    """Return the codes of everything found."""
    return {finding.code for finding in report.findings}


def the(report: CheckReport, code: str) -> Finding:
    """Return the one finding of this code."""
    (found,) = [finding for finding in report.findings if finding.code == code]
    return found
