"""What is kept comes back to the bit, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from mixmaster.engine import keeping
from mixmaster.engine.keeping import cache_folder, keep, nothing_kept, recall

VALUES = np.random.default_rng(5).standard_normal((3, 1000))


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "mixmaster"


def test_it_comes_back_to_the_bit_under_the_same_name_alone() -> None:
    assert recall("powers1", ["a"]) is None
    keep("powers1", ["a"], VALUES)
    found = recall("powers1", ["a"])
    assert found is not None
    assert found.tobytes() == VALUES.tobytes()
    assert recall("powers1", ["b"]) is None
    assert recall("powers2", ["a"]) is None


@pytest.mark.parametrize("damage", ["cut", "bit", "empty", "folder"])
def test_what_is_damaged_was_never_kept(folder: Path, damage: str) -> None:
    keep("powers1", ["a"], VALUES)
    (file,) = folder.iterdir()
    content = bytearray(file.read_bytes())
    content[500] ^= 1
    if damage == "folder":
        file.unlink()
        file.mkdir()
    else:
        parts = {"cut": bytes(content[:700]), "bit": bytes(content), "empty": b""}
        file.write_bytes(parts[damage])
    assert recall("powers1", ["a"]) is None


def test_a_folder_that_cannot_be_made_is_no_error(folder: Path) -> None:
    folder.write_text("a file lies where the folder would")
    keep("powers1", ["a"], VALUES)
    assert recall("powers1", ["a"]) is None


def test_nothing_is_read_or_kept_where_that_is_asked(folder: Path) -> None:
    keep("powers1", ["a"], VALUES)
    with nothing_kept():
        keep("powers1", ["b"], VALUES)
        assert recall("powers1", ["a"]) is None
    assert recall("powers1", ["a"]) is not None
    assert len(list(folder.iterdir())) == 1


def test_what_was_used_longest_ago_goes_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep("powers1", ["old"], VALUES)
    keep("powers1", ["older"], VALUES)
    sizes = [file.stat().st_size for file in folder.iterdir()]
    for age, name in ((100, "old"), (200, "older")):
        path = keeping._path("powers1", [name])
        os.utime(path, (1e9 - age, 1e9 - age))
    monkeypatch.setattr(keeping, "MOST_BYTES", 2 * sizes[0] + 10)
    keep("powers1", ["new"], VALUES)
    assert recall("powers1", ["older"]) is None
    assert recall("powers1", ["new"]) is not None
    assert sum(file.stat().st_size for file in folder.iterdir()) <= keeping.MOST_BYTES


def test_a_relative_folder_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "somewhere")
    assert cache_folder() == Path.home() / ".cache" / "mixmaster"
