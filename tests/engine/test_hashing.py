"""Hashes that are asked for twice are read once, but for files that have changed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from mixmaster.engine.hashing import background_hashes, hash_once


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    for content in (b"one", b"two"):  # the same length
        file.write_bytes(content)
        os.utime(file, ns=(0, int.from_bytes(content, "big")))
        assert hash_once(file) == hashlib.sha256(content).hexdigest()
        assert hash_once(file) == hashlib.sha256(content).hexdigest()
        with background_hashes([file]) as hashes:
            assert hashes[file].result() == hashlib.sha256(content).hexdigest()


def test_a_file_put_in_anothers_place_is_read_again(tmp_path: Path) -> None:
    file, other = tmp_path / "a.bin", tmp_path / "b.bin"
    file.write_bytes(b"one")
    other.write_bytes(b"two")
    hash_once(file)
    other.replace(file)
    assert hash_once(file) == hashlib.sha256(b"two").hexdigest()
