"""Faults at the n-th call of what a command does to files, and what must hold whatever they are.

What is counted: ``os.open`` and ``open`` of files in the bench's folder, and every read, write,
rename, sync and new folder that Python does. Libraries written in C write past this; for them
there is ``limited``, which lets no file grow beyond a size, as a disk that is full does.
"""

from __future__ import annotations

import builtins
import errno
import hashlib
import io
import os
import signal
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

KILL = -1
"""In place of an error's number: the process is killed there."""

ERRORS = {
    "open": (errno.EACCES, errno.EMFILE),
    "read": (errno.EIO,),
    "write": (errno.ENOSPC, errno.EIO),
    "rename": (errno.EACCES, errno.EIO),
    "sync": (errno.EIO, errno.ENOSPC),
    "mkdir": (errno.EACCES, errno.ENOSPC),
}
_CALLS = {
    "open": ("open",),
    "read": ("read", "pread", "preadv"),
    "write": ("write", "pwrite", "writev"),
    "rename": ("replace", "rename", "link"),
    "sync": ("fsync",),
    "mkdir": ("mkdir",),
}
_WITH_PATHS = {"open", "rename", "mkdir"}


@dataclass(frozen=True)
class Fault:
    """What happens, and at which call of its kind, counted from 1."""

    kind: str
    number: int
    error: int

    def __str__(self) -> str:
        what = "SIGKILL" if self.error == KILL else errno.errorcode[self.error]
        return f"{what} at {self.kind} {self.number}"


class Injection:
    """Counts calls, and makes one of them fail."""

    def __init__(self, folder: Path, fault: Fault | None) -> None:
        self.folder, self.fault = str(folder.resolve()), fault
        self.seen: Counter[str] = Counter()
        self.struck = False
        self._lock = threading.Lock()

    def count(self, kind: str) -> None:
        with self._lock:
            self.seen[kind] += 1
            fault = self.fault
            if fault is None or (kind, self.seen[kind]) != (fault.kind, fault.number):
                return
            self.struck = True
        if fault.error == KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(fault.error, os.strerror(fault.error))

    def ours(self, path: Any) -> bool:
        if isinstance(path, int):
            return True
        return os.path.realpath(os.fsdecode(path)).startswith(self.folder)


class _CountedFile(io.FileIO):
    injection: Injection

    def readinto(self, buffer: Any) -> Any:
        self.injection.count("read")
        return super().readinto(buffer)

    def readall(self) -> bytes:
        self.injection.count("read")
        return super().readall()

    def write(self, data: Any) -> Any:
        self.injection.count("write")
        return super().write(data)


def _opener(injection: Injection) -> Callable[..., Any]:
    """Return what stands in for ``open``."""
    real = io.open
    counted = type("CountedFile", (_CountedFile,), {"injection": injection})

    def opened(  # noqa: PLR0917 - as open() has them
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        if not injection.ours(file):
            return real(file, mode, buffering, encoding, errors, newline, closefd, opener)
        if not isinstance(file, int) and opener is None:
            injection.count("open")
        plain = mode.replace("b", "").replace("t", "")
        raw = counted(file, plain, closefd, opener)
        if buffering == 0:
            return raw
        if "+" in plain:
            buffered: Any = io.BufferedRandom(raw)
        else:
            buffered = io.BufferedReader(raw) if plain == "r" else io.BufferedWriter(raw)
        if "b" in mode:
            return buffered
        text = io.TextIOWrapper(buffered, encoding or "utf-8", errors, newline)
        text.mode = mode  # type: ignore[misc]
        return text

    return opened


@contextmanager
def injected(folder: Path, fault: Fault | None = None) -> Iterator[Injection]:
    """Count what is done to files, and strike once."""
    injection = Injection(folder, fault)

    def wrapped(kind: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(first: Any, *arguments: Any, **named: Any) -> Any:
            # Sweeping up, shutil.rmtree opens folders; what fails there leaves what it swept.
            if "dir_fd" not in named and (kind not in _WITH_PATHS or injection.ours(first)):
                injection.count(kind)
            return real(first, *arguments, **named)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for kind, names in _CALLS.items():
            for name in names:
                if hasattr(os, name):
                    patch.setattr(os, name, wrapped(kind, getattr(os, name)))
        stand_in = _opener(injection)
        patch.setattr(io, "open", stand_in)
        patch.setattr(builtins, "open", stand_in)
        yield injection


@contextmanager
def limited(size: int) -> Iterator[None]:
    """Let no file grow beyond a size: what writes on, in whatever language, is told EFBIG."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))  # Python ignores SIGXFSZ
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def contents(folder: Path) -> dict[str, str]:
    """Return the hash of every file, by its place; a folder that is empty counts, too."""
    found = {}
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder).as_posix()
        if path.is_file():
            found[place] = hashlib.sha256(path.read_bytes()).hexdigest()
        elif not any(path.iterdir()):
            found[place + "/"] = ""
    return found


@dataclass(frozen=True)
class Outcome:
    """What a command came to."""

    status: int
    said: str


class Bench:
    """A folder with inputs, outputs and temporaries, and a command that is run in it."""

    def __init__(self, folder: Path, command: Callable[[Path], list[str]]) -> None:
        self.folder = folder
        self.inputs, self.out, self.temporary = folder / "in", folder / "out", folder / "tmp"
        self.arguments = command(folder)
        self.before = contents(self.inputs)

    def run(self) -> Outcome:
        """Run the command in this process; leave nothing of it behind but its outputs."""
        from mixmaster.cli.app import run

        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tempfile, "tempdir", str(self.temporary))
            patch.setenv("XDG_CACHE_HOME", str(self.folder / "cache"))
            patch.setenv("XDG_CONFIG_HOME", str(self.folder / "config"))
            patch.chdir(self.folder)
            with redirect_stdout(out), redirect_stderr(err):
                status = run(self.arguments)
        return Outcome(status, out.getvalue() + err.getvalue())

    def clear(self) -> None:
        import shutil

        for name in ("out", "cache", "tmp"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        self.temporary.mkdir()

    def made(self) -> dict[str, str]:
        """Return what lies in the outputs, but a batch's own state and its list of times."""
        found = contents(self.out) if self.out.exists() else {}
        own = (".mixmaster-batch", "overview.html")
        return {place: each for place, each in found.items() if not place.startswith(own)}

    def undisturbed(self) -> tuple[dict[str, str], Counter[str]]:
        """Return what the command makes, and how often it does what."""
        self.clear()
        with injected(self.folder) as injection:
            outcome = self.run()
        assert outcome.status == 0, outcome.said
        made = self.made()
        assert made
        return made, injection.seen

    def killed(self, fault: Fault) -> None:
        """Run the command in a process of its own that is killed at a call."""
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            try:
                with injected(self.folder, fault):
                    self.run()
            finally:
                os._exit(0)
        os.waitpid(child, 0)

    def holds(self, wanted: dict[str, str], outcome: Outcome | None) -> list[str]:
        """Return what does not hold after a fault; None stands for a process that was killed."""
        wrong = []
        if contents(self.inputs) != self.before:
            wrong.append("inputs were changed")
        made = self.made()
        extra = [place for place in made if place not in wanted]
        if outcome is None:
            extra = [place for place in extra if not _hidden(place) and not place.endswith("/")]
        else:
            if outcome.status not in {0, 1, 2}:
                wrong.append(f"status {outcome.status}: {outcome.said}")
            if "Traceback" in outcome.said or "a bug in" in outcome.said:
                wrong.append(outcome.said)
            if outcome.status and not outcome.said.strip():
                wrong.append("nothing was said")
            if outcome.status == 0 and made != wanted:
                wrong.append(f"status 0, but {sorted(set(wanted) - set(made))} are missing")
            if any(self.temporary.rglob("*")):
                wrong.append(f"left: {sorted(map(str, self.temporary.rglob('*')))}")
        if extra:
            wrong.append(f"left: {extra}")
        for place, found in made.items():
            if wanted.get(place, found) != found:
                wrong.append(f"{place} is another")
        return wrong

    def endures(self, wanted: dict[str, str], fault: Fault) -> list[str]:
        """Run with a fault and then without; return what does not hold."""
        self.clear()
        if fault.error == KILL:
            self.killed(fault)
            wrong = self.holds(wanted, None)
        else:
            with injected(self.folder, fault):
                outcome = self.run()
            wrong = self.holds(wanted, outcome)
        return [f"{fault}: {each}" for each in wrong + self.goes_on(wanted)]

    def goes_on(self, wanted: dict[str, str]) -> list[str]:
        """Run undisturbed over whatever is there."""
        again = self.run()
        if again.status:
            return [f"the next run: {again.said}"]
        made = self.made()
        seen = {place: each for place, each in made.items() if not _hidden(place)}
        if seen != wanted:
            differing = sorted(dict(set(seen.items()) ^ set(wanted.items())))
            return [f"the next run makes something else: {differing}"]
        return []


def every_fault(seen: Counter[str]) -> list[Fault]:
    """Return every error, and a kill, at every call."""
    return [
        Fault(kind, number, error)
        for kind, errors in ERRORS.items()
        for number in range(1, seen[kind] + 1)
        for error in (*errors, KILL)
    ]


def _hidden(place: str) -> bool:
    """Return whether somebody who looks into a folder does not see it."""
    return any(part.startswith(".") for part in place.split("/"))
