"""Measuring stems with and without what was kept of an earlier run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixmaster.audio.source import probe
from mixmaster.engine.keeping import nothing_kept
from mixmaster.mixing import measuring
from mixmaster.mixing.measuring import measure
from mixmaster.mixing.stems import StemSource

RATE = 48_000


def write(path: Path, seed: int) -> StemSource:
    signal = 0.1 * np.random.default_rng(seed).standard_normal((RATE, 1))
    soundfile.write(path, signal, RATE, subtype="PCM_24")
    return StemSource(f"strip.all/{path.stem}", (probe(path),), RATE)


def test_a_second_run_hears_no_stem_and_knows_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    stems = [write(tmp_path / "a.wav", 1), write(tmp_path / "b.wav", 2)]
    with nothing_kept():
        plain = measure(stems, 2, lambda _what, _share: None)
    first = measure(stems, 2, lambda _what, _share: None)

    def refuse(*_: object) -> None:
        raise AssertionError("a stem was listened to")

    monkeypatch.setattr(measuring, "BlockPowers", refuse)
    second = measure(stems, 2, lambda _what, _share: None)
    for name, powers in plain.items():
        assert first[name].tobytes() == powers.tobytes()
        assert second[name].tobytes() == powers.tobytes()


def test_a_stem_that_has_changed_is_heard_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    old = measure([write(tmp_path / "a.wav", 1)], 1, lambda _what, _share: None)
    new = measure([write(tmp_path / "a.wav", 2)], 1, lambda _what, _share: None)
    assert not np.array_equal(old["strip.all/a"], new["strip.all/a"])
