"""A short file of every kind that carries tags, and pictures to go into them."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from mixmaster.audio.formats import Container, FileSpec
from mixmaster.audio.sink import open_sink
from mixmaster.audio.tags import Picture, ReplayGain, Tags

CONTAINERS = get_args(Container)
ID3 = ("wav", "aiff", "mp3")
FULL = Tags(
    title="Blue Hour",
    artist="Nina Ünï",
    album="Late; Later / Latest",
    album_artist="Nina & Friends",
    track=3,
    tracks=12,
    disc=1,
    discs=2,
    isrc="GBAYE6800011",
    upc="5099902894928",
    date="2026-11-20",
    genre="Drum & Bass",
    writers=("Lennon/McCartney", "Smith; Jr."),
    label="Night Records",
    catalogue_number="NR-007",
    copyright="2026 Night Records",
    phonographic="2026 Night Recordings",
    explicit=True,
    version="Radio Edit",
    comment="one\ntwo",
    replay_gain=ReplayGain(-6.51, 0.987654, -7.25, 1.012346),
)


def needs(container: str) -> None:
    """Skip where a kind cannot be written."""
    if container in {"aac", "alac"} and find_spec("av") is None:
        pytest.skip("PyAV writes AAC and ALAC, and is not installed")


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("sounds")
    noise = 0.1 * np.random.default_rng(0).standard_normal((2, 9_601))

    def made(container: str) -> Path:
        needs(container)
        lossless = container in {"wav", "aiff", "flac", "alac"}
        spec = FileSpec(container, 24 if lossless else 32, 48_000, 2)  # type: ignore[arg-type]
        path = folder / f"{container}{spec.suffix}"
        if not path.exists():
            with open_sink(path, spec) as sink:
                sink.write(noise)
        return path

    return made


@pytest.fixture
def sound(sounds: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Path]:
    """Return a fresh copy of a kind of file."""

    def copied(container: str) -> Path:
        path = sounds(container)
        return Path(shutil.copy(path, tmp_path / f"own {path.name}"))

    return copied


def picture(kind: str, side: int = 40) -> Picture:
    from PIL import Image

    noise = np.random.default_rng(side).integers(0, 255, (side, side, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, kind)
    mime: Any = f"image/{kind.lower()}"
    return Picture(file.getvalue(), mime, side, side)


def decoded(path: Path) -> str:
    """Return the hash of a file's samples as FFmpeg decodes them, edges cut as players cut them."""
    av = pytest.importorskip("av")
    whole = hashlib.sha256()
    with av.open(str(path)) as opened:
        for frame in opened.decode(audio=0):
            whole.update(frame.to_ndarray().tobytes())
    return whole.hexdigest()


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
