"""Whatever ends a batch, the next one goes on, and no wrong file is taken for a right one."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.batch.conftest import Serial, Studio

from mixmaster.batch.events import Event, Finished
from mixmaster.batch.local import workplace as local
from mixmaster.batch.running.run import Run
from mixmaster.batch.state import files
from mixmaster.batch.state.store import Store, work_folder
from mixmaster.mixing.prints import printing

NIGHTS = 20


def left_behind(output: Path) -> list[str]:
    state = output / ".mixmaster-batch"
    found = [path for path in output.rglob("*") if ".part" in path.name]
    for name in ("journal", "work", "locks"):
        found += [path for path in (state / name).rglob("*") if path.is_file()]
    return [str(path) for path in found]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_twenty_times_the_bytes_are_those_of_an_undisturbed_run(
    make_studio: Callable[[str], Studio],
) -> None:
    disturbed, calm = make_studio("disturbed"), make_studio("calm")
    for studio in (disturbed, calm):
        studio.song("Alpha", seed=1)
        studio.song("Beta", seed=2)
    root = Path(__file__).parent.parent.parent
    words = [sys.executable, "-m", "tests.batch.killed", str(disturbed.folder), str(NIGHTS)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(root), str(root / "src")))}
    done = subprocess.run(words, cwd=root, env=environment, capture_output=True, check=True)
    assert int(done.stdout) < NIGHTS / 2  # most of them were killed indeed
    for studio in (disturbed, calm):
        studio.stem("Alpha", "high", seed=NIGHTS - 1)
        studio.target("loud", -12.0 - (NIGHTS - 1) / 10)
    assert disturbed.run().failed == 0
    assert calm.run().failed == 0
    assert disturbed.hashes() == calm.hashes()
    assert left_behind(disturbed.output) == []
    assert disturbed.run().current == 4


class EndError(BaseException):
    """Stands for the end of the process: nothing of ours catches it."""


@pytest.mark.parametrize("step", range(1, 6))
def test_an_end_between_file_and_manifest_is_made_good(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """The five steps of publishing: journal, file, manifest, note, end of the journal."""
    studio.song("Alpha")
    studio.run()
    studio.target("loud", -13.0)
    count = 0
    publish = local.LocalWorkplace._publish
    replace, unlink = Path.replace, Path.unlink

    def ending(work: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(path: Path, *arguments: Any, **named: Any) -> Any:
            nonlocal count
            if watching:
                count += 1
                if count == step:
                    raise EndError
            return work(path, *arguments, **named)

        return wrapped

    watching = False

    def watched(self: Any, spec: Any, each: Any) -> Any:
        nonlocal watching
        watching = True
        return publish(self, spec, each)

    with monkeypatch.context() as patch:
        patch.setattr(local.LocalWorkplace, "_publish", watched)
        patch.setattr(Path, "replace", ending(replace))
        patch.setattr(Path, "unlink", ending(unlink))
        # What a process that is killed does not do either.
        patch.setattr(Store, "recover", lambda self: [])
        with pytest.raises(EndError):
            studio.run()
    said = json.loads((studio.output / "Alpha_loud.wav.json").read_bytes())
    assert said["kind"] == "master"
    assert studio.run().failed == 0
    calm = Studio(studio.folder.parent / "calm")
    calm.song("Alpha")
    calm.target("loud", -13.0)
    calm.run()
    assert studio.hashes() == calm.hashes()
    assert not list((studio.output / ".mixmaster-batch/journal").iterdir())


def test_a_full_disk_spoils_nothing_and_is_no_fault_of_the_song(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.song("Alpha")
    studio.song("Beta", seed=4)
    studio.run()
    before = studio.hashes()
    studio.target("loud", -13.0)
    studio.stem("Alpha", "high", seed=9)

    def full(*_arguments: Any, **_named: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(printing, "open_sink", full)
        patch.setattr(local, "write_state", full)
        summary = studio.run()
    assert summary.failed == 3
    assert summary.quarantined == 0
    assert all("No space left" in reason for row in summary.songs for reason in row.reasons)
    assert studio.hashes() == before
    assert studio.run().failed == 0
    assert studio.run().current == 4


def test_state_that_cannot_be_written_is_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state"
    files.write_state(path, {"first": 1})

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write_state(path, {"second": 2})
    assert files.read_state(path) == {"first": 1}
    assert [each.name for each in tmp_path.iterdir()] == ["state"]


def test_work_of_the_living_stays_that_of_the_dead_goes(tmp_path: Path) -> None:
    store = Store(tmp_path)
    dead = store.work / "4242-dead"
    dead.mkdir(parents=True)
    (dead / "huge.wav").write_bytes(b"left")
    dead.with_name("4242-dead.lock").touch()
    with work_folder(store) as mine:
        (mine / "busy.wav").write_bytes(b"here")
        assert any("removed the temporary files of 1" in text for text in store.recover())
        assert (mine / "busy.wav").exists()
        assert not dead.exists()
    assert list(store.work.iterdir()) == []


def test_a_file_that_is_not_ours_is_left_alone(studio: Studio) -> None:
    studio.song("Alpha")
    studio.output.mkdir()
    foreign = studio.output / "Alpha_loud.wav"
    foreign.write_bytes(b"somebody's work")
    summary = studio.run()
    assert (summary.made, summary.failed, summary.quarantined) == (0, 2, 0)
    assert foreign.read_bytes() == b"somebody's work"
    foreign.unlink()
    assert studio.run().made == 2


def test_a_master_that_was_edited_is_left_alone(studio: Studio) -> None:
    studio.song("Alpha")
    studio.run()
    edited = studio.output / "Alpha_loud.wav"
    edited.write_bytes(edited.read_bytes() + b"edited")
    content = edited.read_bytes()
    assert studio.run().failed == 1
    assert edited.read_bytes() == content


@pytest.mark.parametrize("often", [1, 99])
def test_a_premaster_that_another_batch_removes_is_mixed_again(studio: Studio, often: int) -> None:
    """Once is made good; where somebody removes it for ever, the song fails, and the run ends."""
    studio.song("Alpha")
    left = often

    class Meddling(list[Event]):
        def append(self, event: Event) -> None:
            nonlocal left
            super().append(event)
            if isinstance(event, Finished) and event.kind == "mix" and left:
                left -= 1
                for path in studio.output.rglob("premasters/*/main.wav"):
                    path.unlink()

    prepared = studio.prepared()
    prepared.store.start()
    told = Meddling()
    summary = Run(prepared, Serial(studio.output), told.append, cores=1).run()
    if often == 1:
        assert (summary.made, summary.failed) == (2, 0)
    else:
        assert (summary.made, summary.failed, summary.quarantined) == (0, 2, 0)
        assert studio.run().made == 2


def test_what_another_version_has_noted_is_no_bug(studio: Studio) -> None:
    """Two batches of different versions in one folder, say."""
    studio.song("Alpha")
    studio.run()
    state = studio.output / ".mixmaster-batch"
    for path in (*(state / "made").iterdir(), *(state / "content").iterdir()):
        found = files.read_state(path)
        if "file" in found:
            found["file"]["since"] = 1
            files.write_state(path, found)
    odd = [{"file": {"since": 1}, "manifest": "{}"}, {"file": 1}, [], {"manifest": "{}"}]
    for number, said in enumerate(odd):
        files.write_state(state / "journal" / f"{number}-1", said)
        files.write_state(state / "failed" / str(number), {"format": 1, "errors": []})
    summary = studio.run()
    assert (summary.made + summary.current, summary.failed) == (2, 0)
    assert not list((state / "journal").iterdir())
