"""What files could not say of themselves is told before any work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mixmaster.audio.formats import FileSpec
from mixmaster.audio.sink import open_sink
from mixmaster.errors import DocumentError
from mixmaster.release.plan import ReleaseOptions, plan_release

ALBUM = """
format = 1
kind = "release"
title = "Album"
artist = "Nina"
genre = "{genre}"
comment = "{comment}"
targets = {targets}
[[track]]
master = "master.wav"
title = "Song"
isrc = "GBAYE6800011"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    noise = 0.1 * np.random.default_rng(0).standard_normal((2, 44_100 * 35))
    with open_sink(tmp_path / "master.wav", FileSpec("wav", 24, 44_100, 2)) as sink:
        sink.write(noise)
    return tmp_path


def problems(folder: Path, targets: str, *, genre: str = "Rock", comment: str = "") -> list[str]:
    path = folder / "album.toml"
    path.write_text(ALBUM.format(genre=genre, comment=comment, targets=targets), encoding="utf-8")
    try:
        plan_release(path, ReleaseOptions(draft=True))
    except DocumentError as error:
        return [str(problem) for problem in error.problems]
    return []


def test_it_is_named_once_for_all_targets(folder: Path) -> None:
    both = '["download-mp3", "download-flac"]'
    assert problems(folder, both) == []
    assert problems(folder, both, genre="(17)", comment=r"a\u0000b") == [
        "track.1: genre: players take '(17)' for a number of a list; write it in words",
        r"track.1: comment: there is a NUL character in 'a\x00b'",
    ]
    # FLAC has no list of genres.
    assert problems(folder, '["download-flac"]', genre="(17)") == []
