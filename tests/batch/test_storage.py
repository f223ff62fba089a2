"""Stores: what is fetched and put is what it was, whatever fails on the way."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mixmaster.batch.storage import remote as storage
from mixmaster.batch.storage.faults import Patience, passes, redacted
from mixmaster.batch.storage.names import Location, is_address, pick_names
from mixmaster.batch.storage.remote import Remote, filesystem, require_stores
from mixmaster.batch.storage.scratch import Scratch
from mixmaster.errors import MixmasterError, OutputError, StorageError, UsageError

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # the one of AWS's own documentation


class Waits:
    """Stands for sleeping; keeps how long."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def remote(waits: Waits) -> Remote:
    return Remote(Patience(attempts=4, sleep=waits))


@pytest.fixture
def scratch(tmp_path: Path, remote: Remote) -> Scratch:
    return Scratch(tmp_path / "scratch", remote=remote)


@pytest.fixture(params=["memory", "file"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Location]:
    if request.param == "file":
        (tmp_path / "shared").mkdir()
        yield Location.parse(f"file://{tmp_path}/shared")
    else:
        store = filesystem("memory")
        yield Location.parse("memory://bucket/songs")
        store.store.clear()
        store.pseudo_dirs[:] = [""]


class Failing:
    """A file system that stands before another and fails as it is told."""

    def __init__(self, inner: Any, method: str, faults: list[Exception]) -> None:
        self._inner, self._method, self._faults = inner, method, faults

    def __getattr__(self, name: str) -> Any:
        if name == self._method and self._faults:

            def fail(*_: Any, **__: Any) -> None:
                raise self._faults.pop(0)

            return fail
        return getattr(self._inner, name)


def fail(
    monkeypatch: pytest.MonkeyPatch, scheme: str, method: str, faults: list[Exception]
) -> None:
    broken = Failing(filesystem(scheme), method, faults)
    monkeypatch.setattr(storage, "filesystem", lambda _: broken)


# addresses


@pytest.mark.parametrize(
    ("text", "scheme", "path"),
    [
        ("s3://bucket/a/b.wav", "s3", "bucket/a/b.wav"),
        ("s3a://bucket/a/", "s3", "bucket/a"),
        ("gs://bucket/a b", "gs", "bucket/a b"),
        ("file:///mnt/songs", "file", "/mnt/songs"),
        ("memory://bucket/x", "memory", "/bucket/x"),
        ("S3://bucket/Käse/?.wav", "s3", "bucket/Käse/?.wav"),
    ],
)
def test_addresses_are_read(text: str, scheme: str, path: str) -> None:
    at = Location.parse(text)
    assert (at.scheme, at.path) == (scheme, path)
    assert Location.parse(str(at)) == at


@pytest.mark.parametrize(
    "text",
    [
        f"s3://AKIAIOSFODNN7EXAMPLE:{SECRET}@bucket/x",
        f"s3://bucket/x?X-Amz-Signature={SECRET}",
        f"gs://bucket:{SECRET}/x",
        "s3://bucket/../other",
        "s3://bucket/a\nb",
        "s3://",
        "file:///",
        "https://example.com/x",
        "simplecache::s3://bucket/x",
        "songs/a",
        "s3://bucket/" + "x" * 1100,
    ],
)
def test_addresses_that_are_refused_do_not_repeat_a_secret(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Location.parse(text)
    assert SECRET not in str(caught.value)
    assert "AKIA" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_local_paths_are_no_addresses() -> None:
    assert [is_address(p) for p in ("/a", "a:b", "C:\\x", Path("s3://a/b"), "s3://a")] == [
        *([False] * 4),
        True,
    ]


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/../../x", "a//b", "C:/x", "a\\b", "a\x00b", "n" * 256, "\n"]
)
def test_names_of_listings_lead_nowhere_else(name: str) -> None:
    with pytest.raises(StorageError, match="cannot be a file here"):
        pick_names(["ok.wav", name], "s3://bucket")
    with pytest.raises(StorageError):
        Location("s3", "bucket").child(name)


def test_names_that_some_disks_take_for_one_are_refused() -> None:
    with pytest.raises(StorageError, match="differ in case alone"):
        pick_names(["Kick.wav", "kick.wav"], "s3://bucket")
    with pytest.raises(StorageError, match="also the folder"):
        pick_names(["a", "a/b.wav"], "s3://bucket")
    assert pick_names(["b", "folder/", ".DS_Store", "x/._b", ""], "s3://b") == ["b"]


def test_a_missing_extra_is_one_line_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "available", lambda scheme: scheme == "memory")
    require_stores(["memory://a/b", "/local/path"])
    with pytest.raises(UsageError, match=r"pip install 'mixmaster\[cloud\]'$|cloud") as caught:
        require_stores(["memory://a/b", "s3://bucket/x"])
    assert "\n" not in str(caught.value)
    with pytest.raises(UsageError, match="gcsfs"):
        require_stores(["gs://bucket/x"])


# faults


def test_what_may_pass_is_tried_again_with_growing_waits(waits: Waits) -> None:
    faults = [ConnectionResetError(), TimeoutError(), OSError(errno.EIO, "slow down")]

    def work() -> str:
        if faults:
            raise faults.pop(0)
        return "done"

    patience = Patience(attempts=4, first_wait_s=0.5, sleep=waits)
    assert patience.call("s3://b/x", "cannot be read", work) == "done"
    assert len(waits.slept) == 3
    assert all(0 <= wait <= 0.5 * 2**i for i, wait in enumerate(waits.slept))


@pytest.mark.parametrize(
    "error", [FileNotFoundError(), PermissionError(), OSError(errno.ENOSPC, "full"), TypeError()]
)
def test_what_will_not_pass_is_said_at_once(waits: Waits, error: Exception) -> None:
    def work() -> None:
        raise error

    with pytest.raises(StorageError) as caught:
        Patience(sleep=waits).call("s3://b/x", "cannot be read", work)
    assert not waits.slept
    assert not passes(error)
    assert not caught.value.passing


def test_giving_up_says_how_often_and_that_it_may_pass(waits: Waits) -> None:
    def work() -> None:
        raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")

    with pytest.raises(StorageError, match=r"reset by peer \(tried 6 times") as caught:
        Patience(sleep=waits).call("s3://b/x", "cannot be read", work)
    assert caught.value.passing
    assert max(waits.slept) <= 20


def test_messages_carry_no_credential(monkeypatch: pytest.MonkeyPatch, waits: Waits) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    said = (
        f"GET https://user:pass@host/x?X-Amz-Signature=abcdef0123&X-Amz-Credential=AKIA failed, "
        f"secret_access_key={SECRET} aws_session_token='FwoGZXIvYXdzE' AKIAIOSFODNN7EXAMPLE "
        f"Bearer ya29.a0AfH6SMBexample {SECRET} Authorization: Basic dXNlcjpwYXNz"
    )

    def work() -> None:
        raise OSError(said)

    with pytest.raises(StorageError) as caught:
        Patience(attempts=1, sleep=waits).call("s3://b/x", "cannot be read", work)
    for secret in (SECRET, "user:pass", "abcdef0123", "FwoGZ", "AKIAIOS", "ya29", "dXNlcj"):
        assert secret not in redacted(said)
        assert secret not in str(caught.value)
    assert "GET https://***host/x" in str(caught.value)


# reading and writing


def test_what_is_put_comes_back(base: Location, remote: Remote, tmp_path: Path) -> None:
    content = os.urandom(3 << 20)
    source = tmp_path / "Lead Vocal.wav"
    source.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    at = base.child("Song 1/Lead Vocal.wav")
    assert remote.look(at) is None
    remote.upload(source, at, digest)
    assert remote.sha256(at) == (digest, len(content))
    assert remote.fetch(at, tmp_path / "back.wav") == digest
    assert (tmp_path / "back.wav").read_bytes() == content
    assert [seen.at for seen in remote.listing(base)] == [at]
    assert [seen.at for seen in remote.listing(base.child("*/*.wav"))] == [at]
    remote.remove(at)
    remote.remove(at)
    with pytest.raises(StorageError, match="it is not there"):
        remote.read(at, 10)


def test_a_fetch_that_breaks_off_is_tried_again_and_leaves_nothing(
    base: Location, remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waits: Waits
) -> None:
    at = base.child("a.wav")
    remote.write(at, b"x" * 1000)
    fail(monkeypatch, base.scheme, "get_file", [ConnectionResetError(), TimeoutError()])
    remote.fetch(at, tmp_path / "a.wav")
    assert len(waits.slept) == 2
    fail(monkeypatch, base.scheme, "get_file", [TimeoutError()] * 9)
    with pytest.raises(StorageError):
        remote.fetch(at, tmp_path / "b.wav")
    assert not (tmp_path / "b.wav").exists()


def test_a_file_that_comes_short_is_noticed(
    base: Location, remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = base.child("a.wav")
    remote.write(at, b"x" * 1000)
    inner = filesystem(base.scheme)

    class Short:
        def __getattr__(self, name: str) -> Any:
            return getattr(inner, name)

        def get_file(self, _: str, target: str) -> None:
            Path(target).write_bytes(b"x" * 999)

    monkeypatch.setattr(storage, "filesystem", lambda _: Short())
    with pytest.raises(StorageError, match="999 of 1000 bytes"):
        remote.fetch(at, tmp_path / "a.wav")
    assert not (tmp_path / "a.wav").exists()


# scratch


def test_scratch_fetches_once_and_sees_a_change(
    base: Location, scratch: Scratch, tmp_path: Path
) -> None:
    at = base.child("a.wav")
    scratch.remote.write(at, b"first")
    if base.scheme == "file":
        os.utime(at.path, (1e9, 1e9))
    first = scratch.place(at, tmp_path / "1" / "a.wav")
    again = scratch.place(at, tmp_path / "2" / "a.wav", sha256=first.sha256)
    assert (first.came, again.came) == (True, False)
    assert again.path.read_bytes() == b"first"
    scratch.remote.write(at, b"other")
    kept = scratch.place(at, tmp_path / "3" / "a.wav", sha256=first.sha256)
    assert kept.path.read_bytes() == b"first"
    elsewhere = Scratch(tmp_path / "elsewhere", remote=scratch.remote)
    with pytest.raises(StorageError, match="not what it was when the batch was planned"):
        elsewhere.place(at, tmp_path / "5" / "a.wav", sha256=first.sha256)
    assert scratch.place(at, tmp_path / "4" / "a.wav").path.read_bytes() == b"other"


def test_damaged_content_is_fetched_again(base: Location, scratch: Scratch, tmp_path: Path) -> None:
    at = base.child("a.wav")
    scratch.remote.write(at, b"right")
    placed = scratch.place(at, tmp_path / "1.wav")
    kept = next((scratch.folder / "content").glob("??/*"))
    placed.path.unlink()
    kept.chmod(0o600)
    kept.write_bytes(b"wrong")
    again = scratch.place(at, tmp_path / "2.wav", sha256=placed.sha256)
    assert (again.came, again.path.read_bytes()) == (True, b"right")


def test_scratch_keeps_to_its_size_and_takes_nothing_from_those_at_work(
    base: Location, remote: Remote, tmp_path: Path
) -> None:
    scratch = Scratch(tmp_path / "small", most_bytes=2500, remote=remote)
    for i in range(5):
        remote.write(base.child(f"{i}.wav"), bytes([i]) * 1000)
        scratch.place(base.child(f"{i}.wav"), tmp_path / "work" / f"{i}.wav")
        assert scratch.used_bytes() <= 2500
    for i in range(5):
        assert (tmp_path / "work" / f"{i}.wav").read_bytes() == bytes([i]) * 1000
    remote.write(base.child("large.wav"), bytes(2501))
    with pytest.raises(StorageError, match="may hold 2500"):
        scratch.place(base.child("large.wav"), tmp_path / "large.wav")


def test_what_a_killed_process_left_is_swept(tmp_path: Path, scratch: Scratch) -> None:
    for name in ("1-a.part", "1-a.lock"):
        (scratch.folder / "parts" / name).write_bytes(b"half")
    Scratch(scratch.folder)
    assert not list((scratch.folder / "parts").iterdir())


def test_a_folder_comes_with_its_names(base: Location, scratch: Scratch, tmp_path: Path) -> None:
    for name in ("song.toml", "stems/Kick.wav", "stems/.DS_Store"):
        scratch.remote.write(base.child("a").child(name), name.encode())
    got = scratch.place_folder(base.child("a"), tmp_path / "a")
    assert sorted(got) == ["song.toml", "stems/Kick.wav"]
    assert (tmp_path / "a/stems/Kick.wav").read_bytes() == b"stems/Kick.wav"
    assert sorted(scratch.place_folder(base.child("*/song.toml"), tmp_path / "b")) == [
        "a/song.toml"
    ]


def test_a_full_disk_is_said_before_fetching(
    base: Location, remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = base.child("a.wav")
    remote.write(at, b"x")

    def full(_: Path, needed: int) -> None:
        raise OutputError("here", f"{needed} are needed")

    monkeypatch.setattr(storage, "require_space", full)
    with pytest.raises(MixmasterError, match="1 are needed"):
        remote.fetch(at, tmp_path / "a.wav")
