"""Watching: what has changed and lies still, told by the state of files alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.batch.conftest import Studio

from mixmaster.batch.planning.document import Batch
from mixmaster.batch.planning.songs import SongJob, song_jobs
from mixmaster.batch.watching import WANTED, Look, Watcher
from mixmaster.documents.loading import validate

STILL_S = 2.0


class Hand:
    """Looks, renders in a pretended way, and lets time pass."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.now_s = 0.0
        self.watcher = Watcher(self.jobs, STILL_S)

    def jobs(self) -> Sequence[SongJob]:
        batch = validate(Batch, self.studio.table, where="jobs.toml")
        return song_jobs(batch, self.studio.folder)

    def look(self, after_s: float = 0.0) -> Look:
        self.now_s += after_s
        return self.watcher.look(self.now_s)

    def render(self, look: Look) -> None:
        self.watcher.take(list(look.changed))
        still = {job.source for job in look.still}
        songs = [each for each in self.studio.prepared().songs if each.job.source in still]
        self.watcher.planned([(song.job, song.plan) for song in songs])

    def settled(self) -> None:
        self.look()
        self.render(self.look(STILL_S))

    def changed(self) -> dict[str, list[str]]:
        """Return the songs that have changed, with the names of files, once all lies still."""
        self.look()
        look = self.look(STILL_S)
        self.render(look)
        return {
            Path(source).name: [Path(name).name if name else "wanted" for name in names]
            for source, names in look.changed.items()
        }


@pytest.fixture
def hand(studio: Studio) -> Hand:
    studio.song("one", seed=1)
    studio.song("two", seed=2)
    return Hand(studio)


def grow(path: Path, count: int = 100) -> None:
    """Write to a file's end; its time moves even where the clock of files is coarse."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    with path.open("ab") as file:
        file.write(b"x" * count)
    os.utime(path, ns=(before + 10**9, before + 10**9))


def test_everything_is_new_once_it_has_lain_still_and_nothing_afterwards(hand: Hand) -> None:
    first = hand.look()
    assert not first.changed
    assert len(first.moving) == 2
    look = hand.look(STILL_S)
    assert [Path(source).name for source in look.changed] == ["one", "two"]
    assert all(names == () for names in look.changed.values())
    hand.render(look)
    for _ in range(3):
        assert not hand.look(STILL_S).changed


def test_a_stem_a_preset_and_a_document_each_render_what_hangs_on_them(hand: Hand) -> None:
    hand.settled()
    hand.studio.stem("one", "high", seed=77)
    grow(hand.studio.folder / "songs" / "one" / "high.wav", 0)
    assert hand.changed() == {"one": ["high.wav"]}
    grow(hand.studio.folder / "chain.toml", 0)
    assert hand.changed() == {"one": ["chain.toml"], "two": ["chain.toml"]}
    hand.studio.table["targets"] = ["loud.toml"]
    assert hand.changed() == {"one": ["wanted"], "two": ["wanted"]}
    assert hand.changed() == {}


def test_a_song_that_grows_waits_and_others_do_not(hand: Hand) -> None:
    hand.settled()
    stem = hand.studio.folder / "songs" / "one" / "new.wav"
    grow(hand.studio.folder / "songs" / "two" / "low.wav")
    for _ in range(4):
        grow(stem)
        look = hand.look(STILL_S / 2)
        assert "one" not in {Path(source).name for source in look.changed}
        assert Path(look.moving[0].source).name == "one"
    assert [Path(source).name for source in look.changed] == ["two"]
    assert [Path(job.source).name for job in look.still] == ["two"]
    hand.render(look)
    look = hand.look(STILL_S)
    assert {Path(s).name: [Path(n).name for n in names] for s, names in look.changed.items()} == {
        "one": ["new.wav"]
    }


def test_what_moves_while_it_is_planned_is_seen_afterwards(hand: Hand) -> None:
    hand.look()
    look = hand.look(STILL_S)
    hand.watcher.take(list(look.changed))
    prepared = hand.studio.prepared()
    grow(hand.studio.folder / "songs" / "one" / "low.wav")
    hand.watcher.planned([(song.job, song.plan) for song in prepared.songs])
    assert list(hand.changed()) == ["one"]


def test_a_broken_song_waits_until_something_around_it_changes(hand: Hand) -> None:
    broken = hand.studio.folder / "songs" / "three"
    broken.mkdir()
    (broken / "low.wav").write_bytes(b"no audio at all")
    hand.settled()
    assert hand.studio.prepared().broken
    assert hand.changed() == {}
    grow(hand.studio.folder / "songs" / "one" / "low.wav")
    assert list(hand.changed()) == ["one"]
    hand.studio.stem("three", "low", seed=3)
    assert list(hand.changed()) == ["three"]


def test_songs_come_and_go(hand: Hand) -> None:
    hand.settled()
    hand.studio.song("late", seed=9)
    assert hand.changed() == {"late": []}
    for path in (hand.studio.folder / "songs" / "late").iterdir():
        path.unlink()
    (hand.studio.folder / "songs" / "late").rmdir()
    assert hand.changed() == {}
    hand.studio.song("late", seed=9)
    assert hand.changed() == {"late": []}


def test_a_problem_is_told_only_when_it_lasts(hand: Hand) -> None:
    hand.settled()
    hand.studio.table["song"] = [{"path": "nowhere/*"}]
    assert hand.look().problem is None
    assert "nowhere" in str(hand.look(STILL_S).problem)
    hand.studio.table["song"] = [{"path": "songs/*"}]
    assert hand.look().problem is None
    assert hand.changed() == {}


def test_hidden_files_and_folders_own_times_mean_nothing(hand: Hand) -> None:
    hand.settled()
    folder = hand.studio.folder / "songs" / "one"
    (folder / ".low.wav.swp").write_bytes(b"an editor's")
    os.utime(folder, ns=(10**18, 10**18))
    assert hand.changed() == {}
    assert WANTED == ""
