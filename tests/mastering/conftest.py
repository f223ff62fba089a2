"""Songs of sorts, and short ways to master them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixmaster.arrays import Block
from mixmaster.documents.loading import load_text
from mixmaster.engine.threads import one_blas_thread
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.run import NamedTarget
from mixmaster.mastering.target import Target

RATE = 44_100


@pytest.fixture(autouse=True)
def _one_blas_thread() -> Iterator[None]:
    """As the commands do: bytes repeat, and tests side by side do not fight for processors."""
    with one_blas_thread():
        yield


@pytest.fixture
def song() -> Callable[..., Block]:
    """A function that makes a song: seconds, rate, channels."""
    return make_song


def make_song(seconds: float, rate: int = RATE, channels: int = 2) -> Block:
    """Drums, bass and chords, a quiet half and a loud one; peaks well above the rest."""
    rng = np.random.default_rng(5)
    frames = round(seconds * rate)
    t = np.arange(frames) / rate
    beat = (t * 2.0) % 1.0
    kick = 0.6 * np.exp(-beat * 12.0) * np.sin(2 * np.pi * 55.0 * beat)
    snare = 0.3 * np.exp(-((t + 0.5) % 1.0) * 18.0) * rng.standard_normal(frames)
    bass = 0.15 * np.sin(2 * np.pi * 65.4 * t)
    out = np.empty((channels, frames))
    for channel in range(channels):
        width = 1.0 + 0.0005 * (-1) ** channel
        chord = sum(0.04 * np.sin(2 * np.pi * 65.4 * k * t * width) for k in (4, 5, 6, 8, 12))
        out[channel] = kick + snare + bass + chord
    return out * np.where(t < seconds / 2, 0.35, 0.7)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a 32-bit float mix, and nothing is lost."""

    def write(signal: Block, name: str = "mix.wav", rate: int = RATE) -> Path:
        path = tmp_path / name
        soundfile.write(path, signal.T, rate, subtype="FLOAT")
        return path

    return write


@pytest.fixture
def preset() -> Callable[[str], MasteringPreset]:
    """A function that makes a preset of a text without its head."""

    def preset(text: str) -> MasteringPreset:
        return load_text(MasteringPreset, f'format = 1\nkind = "mastering"\nname = "Test"\n{text}')

    return preset


@pytest.fixture
def target() -> Callable[..., NamedTarget]:
    """A function that makes a target of a text without its head."""

    def target(text: str, name: str = "test") -> NamedTarget:
        document = f'format = 1\nkind = "target"\nname = "Test"\n{text}'
        return NamedTarget(name, load_text(Target, document))

    return target
