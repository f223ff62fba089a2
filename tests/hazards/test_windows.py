"""What Windows does differently, as far as it can be simulated elsewhere.

No ``pread``, no ``fork``, no ``fcntl``; no renaming and no removing of what is open; no syncing of
what was opened for reading; names that are devices; a console of 256 characters.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.faults.commands import COMMANDS
from tests.faults.injecting import Bench

from mixmaster.engine import publish, renaming
from mixmaster.engine.publish import Publication
from mixmaster.errors import OutputError

if sys.platform != "linux":
    pytest.skip("simulated on Linux, which says what is open", allow_module_level=True)

ABSENT = ("pread", "preadv", "pwrite", "fork", "getppid", "mkfifo", "sched_getaffinity")


def _open_files() -> set[tuple[int, int]]:
    """Return what this process has open."""
    found = set()
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the one that reads the folder
            status = each.stat()
            found.add((status.st_dev, status.st_ino))
    return found


def _refuse_open(*paths: Any) -> None:
    for path in map(Path, paths):
        if path.is_file():
            status = path.stat()
            if (status.st_dev, status.st_ino) in _open_files():
                raise PermissionError(errno.EACCES, "in use by another process", str(path))


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this be a system that does as Windows does."""
    for name in ABSENT:
        monkeypatch.delattr(os, name, raising=False)
    replace, unlink, fsync = os.replace, os.unlink, os.fsync

    def replacing(source: Any, target: Any, **settings: Any) -> None:
        _refuse_open(source, target)
        replace(source, target, **settings)

    def renaming_(source: Any, target: Any, **settings: Any) -> None:
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        replacing(source, target, **settings)

    def unlinking(path: Any, **settings: Any) -> None:
        if not settings.get("dir_fd"):
            _refuse_open(path)
        unlink(path, **settings)

    def syncing(handle: Any) -> None:
        import fcntl

        number = handle if isinstance(handle, int) else handle.fileno()
        reads = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
        if reads and stat.S_ISREG(os.fstat(number).st_mode):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        fsync(handle)

    monkeypatch.setattr(os, "replace", replacing)
    monkeypatch.setattr(os, "rename", renaming_)
    monkeypatch.setattr(os, "unlink", unlinking)
    monkeypatch.setattr(os, "remove", unlinking)
    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(renaming, "held_by_readers", lambda: True)
    monkeypatch.setattr(publish, "held_by_readers", lambda: True)


@pytest.mark.parametrize("command", ["mix", "master", "render", "compare", "report", "init"])
def test_the_same_bytes_as_anywhere(
    command: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path, COMMANDS[command])
    wanted, _ = bench.undisturbed()
    bench.clear()
    request.getfixturevalue("windows")
    real = builtins.__import__

    def without_fcntl(name: str, *arguments: Any, **settings: Any) -> Any:
        caller = (arguments[0] if arguments else settings.get("globals")) or {}
        if name in {"fcntl", "resource"} and str(caller.get("__name__")).startswith("mixmaster"):
            raise ModuleNotFoundError(name)
        return real(name, *arguments, **settings)

    monkeypatch.setattr(builtins, "__import__", without_fcntl)
    monkeypatch.setattr(sys, "platform", "win32")
    try:
        first = bench.run()
        again = bench.run()
    finally:
        monkeypatch.setattr(sys, "platform", "linux")
    assert first.status == 0, first.said
    assert bench.holds(wanted, first) == []
    if command != "init":  # a session is never replaced unasked
        assert again.status == 0, again.said
        assert bench.holds(wanted, again) == []


@pytest.mark.usefixtures("windows")
def test_a_scanner_that_looks_for_a_moment_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    part = tmp_path / "part"
    part.write_text("new")
    scanner = target.open()
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            scanner.close()

    monkeypatch.setattr("mixmaster.engine.renaming.time.sleep", wait)
    renaming.rename(part, target)
    assert target.read_text() == "new"
    assert len(waits) == 3


@pytest.mark.usefixtures("windows")
def test_a_player_that_keeps_a_file_open_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"format": 1, "schema": "mixmaster/manifest/1", "kind": "test"}
    target = tmp_path / "a.wav"
    for content in (b"one", b"two"):
        with Publication(target) as publication:
            publication.part.write_bytes(content)
            publication.commit(said)
    monkeypatch.setattr("mixmaster.engine.renaming.time.sleep", lambda seconds: None)
    with target.open("rb"), Publication(target) as publication:
        publication.part.write_bytes(b"three")
        with pytest.raises(OutputError, match=r"a\.wav: it is open in another program"):
            publication.commit(said)
    assert target.read_bytes() == b"two"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.wav", "a.wav.json"]


@pytest.mark.usefixtures("windows")
def test_isolation_says_where_it_cannot_be(tmp_path: Path) -> None:
    import numpy as np
    import soundfile as sf

    from mixmaster.audio.isolating import isolated
    from mixmaster.audio.source import probe
    from mixmaster.errors import AudioFileError

    sf.write(tmp_path / "a.flac", np.zeros(100), 8_000)
    with isolated(), pytest.raises(AudioFileError, match="cannot be isolated on this system"):
        probe(tmp_path / "a.flac")
