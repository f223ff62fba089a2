"""Songs of sorts, versions of them, and short ways to compare them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from mixmaster.arrays import Block
from mixmaster.comparing.run import CompareRun, compare
from mixmaster.comparing.sources import CompareOptions, plan_comparison
from mixmaster.engine.threads import one_blas_thread
from mixmaster.mastering.run import load_target

RATE = 44_100


@pytest.fixture(autouse=True)
def _one_blas_thread() -> Iterator[None]:
    """As the commands do: bytes repeat, and tests side by side do not fight for processors."""
    with one_blas_thread():
        yield


def make_song(seconds: float, rate: int = RATE, *, seed: int = 1) -> Block:
    """Hits at irregular times, noise under them, a quiet beginning: nothing in it repeats."""
    rng = np.random.default_rng(seed)
    frames = round(seconds * rate)
    noise = rng.standard_normal((2, frames))
    noise = 0.7 * noise + 0.3 * noise[::-1]
    envelope = np.full(frames, 0.1)
    for start in np.sort(rng.integers(0, frames, round(4 * seconds))):
        length = min(frames - start, round(0.2 * rate))
        envelope[start : start + length] += np.exp(-np.arange(length) / (0.04 * rate))
    envelope[: frames // 4] *= 0.3
    out = noise * np.minimum(envelope, 1.5)
    # Smoothed, so that converting the rate loses next to nothing.
    kernel = np.hanning(9)
    smooth = np.stack([np.convolve(row, kernel / kernel.sum(), "same") for row in out])
    return np.asarray(0.4 * smooth / np.abs(smooth).max())


@pytest.fixture
def song() -> Callable[..., Block]:
    """A function that makes a song: seconds, rate, seed."""
    return make_song


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a file in 32-bit float, so that nothing is lost."""

    def write(signal: Block, name: str, rate: int = RATE) -> Path:
        path = tmp_path / name
        soundfile.write(path, signal.T, rate, subtype="FLOAT")
        return path

    return write


Compare = Callable[..., CompareRun]


@pytest.fixture
def ab(tmp_path: Path) -> Compare:
    """A function that compares files and presets into ``tmp_path / "ab"``."""

    def ab(
        *files: Path,
        presets: tuple[str, ...] = (),
        target: str = "streaming",
        reference: Path | None = None,
        folder: str = "ab",
        **options: Any,
    ) -> CompareRun:
        plan = plan_comparison(
            files,
            presets,
            load_target(target),
            target_name=target,
            platform=target != "streaming",
            reference=reference,
            options=CompareOptions(**options),
        )
        return compare(plan, tmp_path / folder)

    return ab


def samples(run: CompareRun, version: int) -> Block:
    """Return what was written of a version, ``(2, frames)``."""
    path = run.folder / run.session.versions[version].audio.file
    signal, rate = soundfile.read(path, dtype="float64", always_2d=True)
    assert rate == run.session.sample_rate_hz
    return np.ascontiguousarray(signal.T)
