"""Publishing into stores: stopped between any two steps, no wrong file is taken for a right one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mixmaster.batch.storage import remote as storage
from mixmaster.batch.storage.faults import Patience
from mixmaster.batch.storage.names import Location
from mixmaster.batch.storage.publish import manifest_location, publish, published
from mixmaster.batch.storage.remote import Remote, filesystem
from mixmaster.batch.storage.scratch import Scratch
from mixmaster.errors import OutputError, StorageError

CHANGES = {"pipe_file", "put_file", "rm_file"}
OLD, NEW = b"the old master", b"the new master"  # of one length: size tells nothing


class KilledError(BaseException):
    """The process ends here."""


class Mortal:
    """A file system in which a process ends before or after its n-th change."""

    def __init__(self, inner: Any, at: int, *, after: bool) -> None:
        self.inner, self.left, self.after = inner, at, after

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)
        if name not in CHANGES:
            return method

        def change(*args: Any, **kwargs: Any) -> Any:
            self.left -= 1
            if self.left == 0 and not self.after:
                raise KilledError
            try:
                return method(*args, **kwargs)
            finally:
                if self.left == 0:
                    raise KilledError

        return change


@pytest.fixture
def base() -> Iterator[Location]:
    store = filesystem("memory")
    yield Location.parse("memory://bucket/out")
    store.store.clear()
    store.pseudo_dirs[:] = [""]


def new_scratch(folder: Path) -> Scratch:
    return Scratch(folder, remote=Remote(Patience(attempts=3, sleep=lambda _: None)))


def finished(folder: Path, name: str, content: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    said = {
        "schema": "mixmaster/manifest/1",
        "file": name,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    (folder / f"{name}.json").write_text(json.dumps(said))
    return path


def assert_nothing_wrong(at: Location) -> None:
    """What any reader without our code would conclude: a manifest speaks for what lies there."""
    store = filesystem(at.scheme)
    beside = at.path + ".json"
    if store.exists(beside):
        said = json.loads(store.cat_file(beside))
        assert said["sha256"] == hashlib.sha256(store.cat_file(at.path)).hexdigest()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("before", ["nothing", "old"])
def test_killed_at_any_step_the_next_run_goes_on(
    base: Location, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str, after: bool
) -> None:
    store = filesystem("memory")
    steps = 0
    for step in range(1, 50):
        folder = tmp_path / f"{before}{after}{step}"
        names = ["a_cd.wav", "a_spotify.flac"]
        places = [base.child(f"{step}/{name}") for name in names]
        scratch = new_scratch(folder / "scratch")
        if before == "old":
            old = [finished(folder / "old", name, OLD) for name in names]
            publish(scratch, list(zip(old, places, strict=True)))
        new = [finished(folder / "new", name, NEW) for name in names]
        mortal = Mortal(store, step, after=after)
        with monkeypatch.context() as patch:
            patch.setattr(storage, "filesystem", lambda _, found=mortal: found)
            try:
                publish(scratch, list(zip(new, places, strict=True)))
                ended = False
            except KilledError:
                ended = True
        for at in places:
            assert_nothing_wrong(at)
        # the next run may be one on another machine, and may even want something else again
        third = [finished(folder / "third", name, b"the 3rd master") for name in names]
        again = new_scratch(folder / "elsewhere")
        publish(again, list(zip(third if step % 2 else new, places, strict=True)))
        for at in places:
            assert published(again, at) is not None
            assert_nothing_wrong(at)
        left = [path for path in store.find(base.child(str(step)).path) if ".pending" in path]
        assert left == []
        steps += ended
        if not ended:
            break
    # per file: mark, removing the manifest (found or not), the file, the manifest, the mark
    assert steps == 10


def test_a_late_duplicate_finds_its_output_and_stops(base: Location, tmp_path: Path) -> None:
    path = finished(tmp_path / "new", "a.wav", NEW)
    at = base.child("a.wav")
    assert publish(new_scratch(tmp_path / "1"), [(path, at)])[0].sent
    manifest = filesystem("memory").info(manifest_location(at).path)
    assert not publish(new_scratch(tmp_path / "2"), [(path, at)])[0].sent
    assert filesystem("memory").info(manifest_location(at).path) == manifest


@pytest.mark.parametrize("strange", ["a.wav", "a.wav.json"])
def test_a_strangers_file_stays(base: Location, tmp_path: Path, strange: str) -> None:
    scratch = new_scratch(tmp_path / "scratch")
    scratch.remote.write(base.child(strange), b"mine")
    path = finished(tmp_path / "new", "a.wav", NEW)
    with pytest.raises(OutputError, match="--overwrite"):
        publish(scratch, [(path, base.child("a.wav"))])
    assert filesystem("memory").cat_file(base.child(strange).path) == b"mine"
    publish(scratch, [(path, base.child("a.wav"))], overwrite=True)
    assert published(scratch, base.child("a.wav")) == hashlib.sha256(NEW).hexdigest()


def test_a_file_that_was_changed_afterwards_is_not_ours(base: Location, tmp_path: Path) -> None:
    scratch = new_scratch(tmp_path / "scratch")
    at = base.child("a.wav")
    publish(scratch, [(finished(tmp_path / "new", "a.wav", NEW), at)])
    scratch.remote.write(at, b"edited by hand")
    assert published(scratch, at) is None
    with pytest.raises(OutputError, match="made here unchanged"):
        publish(scratch, [(finished(tmp_path / "old", "a.wav", OLD), at)])


def test_what_reads_back_differently_is_sent_again_and_never_gets_a_manifest(
    base: Location, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filesystem("memory")
    wrong = 2

    class Damaging:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def put_file(self, source: str, target: str) -> None:
            nonlocal wrong
            content = bytearray(Path(source).read_bytes())
            if wrong:
                wrong -= 1
                content[3] ^= 1
            store.pipe_file(target, bytes(content))

    monkeypatch.setattr(storage, "filesystem", lambda _: Damaging())
    scratch = new_scratch(tmp_path / "scratch")
    path = finished(tmp_path / "new", "a.wav", NEW)
    publish(scratch, [(path, base.child("a.wav"))])
    assert store.cat_file(base.child("a.wav").path) == NEW
    wrong = 99
    with pytest.raises(StorageError, match="reads back differently"):
        publish(scratch, [(path, base.child("b.wav"))])
    assert not store.exists(base.child("b.wav").path)
    assert not store.exists(base.child("b.wav.json").path)


def test_a_local_file_without_its_own_manifest_is_not_sent(base: Location, tmp_path: Path) -> None:
    scratch = new_scratch(tmp_path / "scratch")
    path = finished(tmp_path / "new", "a.wav", NEW)
    path.write_bytes(OLD)
    with pytest.raises(OutputError, match="speaks of another content"):
        publish(scratch, [(path, base.child("a.wav"))])
    path.with_name("a.wav.json").unlink()
    with pytest.raises(OutputError, match="no manifest"):
        publish(scratch, [(path, base.child("a.wav"))])
    assert filesystem("memory").find("/bucket") == []


def test_in_a_shared_folder_no_half_file_is_seen(tmp_path: Path) -> None:
    scratch = new_scratch(tmp_path / "scratch")
    at = Location.parse(f"file://{tmp_path}/shared/out/a.wav")
    publish(scratch, [(finished(tmp_path / "new", "a.wav", NEW), at)])
    assert sorted(p.name for p in (tmp_path / "shared/out").iterdir()) == ["a.wav", "a.wav.json"]
    assert published(scratch, at) == hashlib.sha256(NEW).hexdigest()


def test_hostile_manifests_in_a_store_are_no_manifests(base: Location, tmp_path: Path) -> None:
    scratch = new_scratch(tmp_path / "scratch")
    at = base.child("a.wav")
    scratch.remote.write(at, NEW)
    for content in (b"\xff\x00", b"[" * 100_000, b'{"schema": 3}', b"[]", b"null"):
        scratch.remote.write(manifest_location(at), content)
        assert published(scratch, at) is None
