"""Claims in a store: one holder at a time, and none that was killed holds for ever."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.batch.conftest import Studio

from mixmaster.batch.stages import working
from mixmaster.batch.stages.making import GoneError
from mixmaster.batch.storage import claims
from mixmaster.batch.storage.claims import claimed
from mixmaster.batch.storage.faults import Patience
from mixmaster.batch.storage.names import Location
from mixmaster.batch.storage.remote import Remote, filesystem

REMOTE = Remote(Patience(attempts=3, sleep=lambda _: None))


@pytest.fixture(params=["memory", "file"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Location]:
    if request.param == "file":
        yield Location.parse(f"file://{tmp_path}/claims")
        return
    yield Location.parse("memory://bucket/claims")
    filesystem("memory").store.clear()


def names(folder: Location) -> list[str]:
    return REMOTE.names(folder, "")


def test_one_holds_and_then_the_next(folder: Location) -> None:
    with claimed(REMOTE, folder, "a") as first:
        assert first
        with claimed(REMOTE, folder, "a") as second, claimed(REMOTE, folder, "b") as other:
            assert (second, other) == (False, True)
        assert names(folder) == ["a.claim"]
    assert names(folder) == []
    with claimed(REMOTE, folder, "a") as again:
        assert again


def test_what_a_killed_holder_left_lapses(
    folder: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    REMOTE.write(folder.child("a.claim"), b"0" * 32)
    with claimed(REMOTE, folder, "a") as early:
        assert not early
    monkeypatch.setattr(claims, "LAPSED_S", 0.1)
    time.sleep(0.2)
    with claimed(REMOTE, folder, "a") as late:
        assert late
    assert names(folder) == []


HOLDS = """
import sys, time
from pathlib import Path
from mixmaster.batch.storage.claims import claimed
from mixmaster.batch.storage.names import Location
from mixmaster.batch.storage.remote import Remote
with claimed(Remote(), Location.parse(sys.argv[1]), "a", Path(sys.argv[2])) as held:
    print(held, flush=True)
    time.sleep(60)
"""


def test_what_was_killed_on_this_machine_lapses_at_once(tmp_path: Path) -> None:
    folder, here = Location.parse(f"file://{tmp_path}/claims"), tmp_path / "locks"
    words = [sys.executable, "-c", HOLDS, str(folder), str(here)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with claimed(REMOTE, folder, "a", here) as early:
            assert not early
        holder.kill()
        holder.wait()
        with claimed(REMOTE, folder, "a", tmp_path / "elsewhere") as another_machine:
            assert not another_machine
        with claimed(REMOTE, folder, "a", here) as late:
            assert late
    assert names(folder) == []
    assert not list(here.iterdir())


def test_a_holder_at_work_keeps_its_claim(
    folder: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "LAPSED_S", 1.0)
    monkeypatch.setattr(claims, "RENEWED_S", 0.05)
    with claimed(REMOTE, folder, "a"):
        time.sleep(1.2)
        with claimed(REMOTE, folder, "a") as other:
            assert not other


def test_an_answer_that_was_lost_is_known_for_ones_own(
    folder: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = filesystem(folder.scheme)
    lost = 1

    class Losing:
        def __getattr__(self, name: str) -> Any:
            return getattr(inner, name)

        def pipe_file(self, *args: Any, **named: Any) -> None:
            nonlocal lost
            inner.pipe_file(*args, **named)
            if lost:
                lost -= 1
                raise TimeoutError

    monkeypatch.setattr(claims, "filesystem", lambda _: Losing())
    with claimed(REMOTE, folder, "a") as held:
        assert held


def test_a_claim_that_was_taken_over_is_not_removed(folder: Location) -> None:
    with claimed(REMOTE, folder, "a"):
        REMOTE.write(folder.child("a.claim"), b"another one's")
    assert REMOTE.read(folder.child("a.claim"), 64) == b"another one's"


def test_a_premaster_that_is_gone_each_time_fails_its_song(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> None:
        raise GoneError("premaster")

    monkeypatch.setattr(working, "make_masters", gone)
    studio.song("A")
    summary = studio.run()
    assert (summary.made, summary.failed, summary.quarantined) == (0, 2, 0)
    assert studio.began().count("mix/A") == 4
