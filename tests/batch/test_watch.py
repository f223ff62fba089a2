"""``watch`` as users call it: renders what changes, tells it, ends at once, waits when it must."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.batch.conftest import Studio

from mixmaster.cli.app import run
from mixmaster.cli.watch import _meant

if sys.platform == "win32":
    pytest.skip("signals of POSIX", allow_module_level=True)

PATIENCE_S = 60.0


class Watched:
    """A watch that runs in a process of its own; its events, as they come."""

    def __init__(self, studio: Studio, *arguments: str) -> None:
        words = [
            *("watch", *arguments, "-p", "mix.toml", "-m", "chain.toml", "-t", "loud.toml"),
            *("-o", "out", "--json", "--interval", "0.1", "--settle", "0.3", "-j", "1"),
        ]
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from mixmaster.cli import main; main()", *words],
            cwd=studio.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        )
        self._said: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._said.put(json.loads(line))

    def until(self, event: str) -> list[dict[str, Any]]:
        """Return what is said until an event of this name, that included."""
        said = []
        end_s = time.monotonic() + PATIENCE_S
        while True:
            said.append(self._said.get(timeout=max(0.1, end_s - time.monotonic())))
            if said[-1]["event"] == event:
                return said

    def interrupt(self) -> tuple[int, float]:
        """Press Ctrl-C; return the exit status and how long the end took."""
        began_s = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(PATIENCE_S)
        return status, time.monotonic() - began_s


@pytest.fixture
def watch(studio: Studio) -> Iterator[Callable[..., Watched]]:
    running: list[Watched] = []

    def start(*arguments: str) -> Watched:
        running.append(Watched(studio, *arguments))
        return running[-1]

    yield start
    for each in running:
        each.process.kill()
        each.process.wait()
        for pipe in (each.process.stdout, each.process.stderr):
            assert pipe is not None
            pipe.close()


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str


@pytest.fixture
def mixmaster(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run the command line in this process."""

    def call(*words: str) -> Outcome:
        capsys.readouterr()
        status = run(list(words))
        said = capsys.readouterr()
        assert "bug in mixmaster" not in said.err
        return Outcome(status, said.out, said.err)

    return call


def made(said: list[dict[str, Any]]) -> list[str]:
    return sorted(each["path"] for each in said[-1]["files"])


def test_it_renders_what_changes_until_it_is_told_to_end(
    studio: Studio, watch: Callable[..., Watched]
) -> None:
    studio.song("one", seed=1)
    studio.song("two", seed=2)
    broken = studio.folder / "songs" / "bad"
    broken.mkdir()
    (broken / "low.wav").write_bytes(b"no audio")
    running = watch("songs")
    said = running.until("summary")
    assert said[0]["event"] == "watching"
    assert made(said) == ["one_loud.wav", "two_loud.wav"]
    assert sum(each["event"] == "failed" for each in said) == 1
    # One stem is replaced: that song alone, and the broken one is not named again.
    studio.stem("two", "high", seed=99)
    said = running.until("summary")
    changed = [each for each in said if each["event"] == "changed"]
    assert [(each["song"], [Path(n).name for n in each["files"]]) for each in changed] == [
        ("two", ["high.wav"])
    ]
    assert made(said) == ["two_loud.wav"]
    assert not [each for each in said if each["event"] == "failed"]
    # It is mended, and a song comes.
    studio.stem("bad", "low", seed=5)
    studio.song("three", seed=3)
    said = running.until("summary")
    while "three_loud.wav" not in made(said):
        assert made(said) == ["bad_loud.wav"]  # they may have come to rest one after the other
        said += running.until("summary")
    assert (studio.output / "bad_loud.wav").exists() or running.until("summary")
    assert (studio.output / "overview.html").is_file()
    status, took_s = running.interrupt()
    assert status == 130
    assert took_s < 5.0  # two seconds, on a machine that has nothing else to do


def test_ctrl_c_in_the_middle_of_a_song_leaves_nothing(
    studio: Studio, watch: Callable[..., Watched]
) -> None:
    studio.song("one", seconds=20.0)
    running = watch("songs")
    running.until("started")
    status, _ = running.interrupt()
    assert status == 130
    assert not list(studio.output.glob("*.wav"))
    assert not list((studio.output / ".mixmaster-batch" / "work").glob("*"))


def test_once_renders_and_ends_with_the_batchs_status(
    studio: Studio, mixmaster: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(studio.folder)
    studio.song("one")
    quick = ("--once", "--settle", "0.1", "--interval", "0.1", "-j", "1")
    flags = ("-p", "mix.toml", "-m", "chain.toml", "-t", "loud.toml", "-o", "out", *quick)
    done = mixmaster("watch", "songs/", *flags)
    assert done.status == 0
    assert "one_loud.wav  -12.0 LUFS" in done.out
    assert "watching 1 song" in done.err
    assert "1 made, 0 current, 0 failed" in done.err
    again = mixmaster("watch", "songs/", *flags)
    assert (again.status, again.out) == (0, "")
    assert "0 made, 1 current, 0 failed" in again.err
    # Masters that lie among the songs are none.
    (studio.folder / "songs" / "two").mkdir()
    (studio.folder / "songs" / "two" / "low.wav").write_bytes(b"no audio")
    failed = mixmaster("watch", "songs/", *flags)
    assert failed.status == 1
    assert "two" in failed.err


def test_masters_among_the_mixes_are_not_mastered_again(
    studio: Studio, mixmaster: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.song("one")
    mixes = studio.folder / "mixes"
    mixes.mkdir()
    (studio.folder / "songs" / "one" / "low.wav").rename(mixes / "Song.wav")
    monkeypatch.chdir(mixes)
    flags = ("-m", "../chain.toml", "-t", "../loud.toml", "-o", ".", "-j", "1")
    for expected in ("1 made, 0 current", "0 made, 1 current"):
        done = mixmaster("watch", "*.wav", *flags, "--once", "--settle", "0.1")
        assert done.status == 0
        assert expected in done.err
    assert sorted(path.name for path in mixes.glob("*.wav")) == ["Song.wav", "Song_loud.wav"]


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (("nowhere",), "nowhere"),
        (("songs", "-o", "s3://bucket/masters"), "watch"),
        (("songs", "--interval", "0"), "--interval"),
        (("songs", "--settle", "nan"), "--settle"),
    ],
)
def test_what_cannot_be_watched_is_said_at_once(
    words: tuple[str, ...],
    where: str,
    studio: Studio,
    mixmaster: Callable[..., Outcome],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(studio.folder)
    studio.song("one")
    output = () if "-o" in words else ("-o", "out")
    done = mixmaster("watch", *words, *output, "-p", "mix.toml", "-m", "chain.toml", "--once")
    assert done.status == 2
    assert where in done.err


def test_a_folder_of_songs_stands_for_the_songs_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "songs [x]*"
    (folder / "a").mkdir(parents=True)
    assert _meant(str(folder)) == str(tmp_path / "songs [[]x][*]" / "*")
    assert _meant(str(folder / "b")) == str(folder / "b")
    (folder / "a" / "kick.wav").touch()
    assert _meant(str(folder / "a")) == str(folder / "a")
    (folder / "song.toml").touch()
    assert _meant(str(folder)) == str(folder)
