"""One case in a process of its own: under a time limit and a memory cap, watched for what it
touches, in a folder that is looked at afterwards.

A process that has imported everything forks for each case, which takes milliseconds. The child
becomes the head of a session of its own, so that whatever it starts ends with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fuzz.cases import Case

SECONDS = 30.0
"""Of processor time and of the clock: the files are a second long."""

RESIDENT_MIB = 700
"""What a case may keep in memory. Imported packages alone are some 160 MiB."""

ADDRESS_MIB = 6_144
"""What a case may reserve; threads reserve much that they never touch."""

_OURS = re.compile(r'File ".*/src/(mixmaster/[^"]+)", line \d+, in (\S+)')
_MOST_WORDS = 20_000
_TWO_PATHS = {"os.rename", "os.link", "os.symlink"}
_FOLDER_AT = {"os.remove": 1, "os.rmdir": 1, "os.mkdir": 2, "os.chmod": 2, "os.utime": 3}
"""Where an audit event tells the folder's descriptor (Python's audit events table)."""
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True)
class Verdict:
    """How a case ended.

    Attributes:
        wrong: What must not be; empty when all is well.
        trace: The traceback, or the end of what was printed.
        seconds: How long it took.
        resident_mib: The most that it kept in memory.
        said: What the target reports: which doors it came through.
    """

    wrong: tuple[str, ...]
    trace: str
    seconds: float
    resident_mib: int
    said: dict[str, Any] = field(default_factory=dict)

    @property
    def signature(self) -> str:
        """What kind of fault it is: two cases with one signature are one finding."""
        if not self.wrong:
            return ""
        places = _OURS.findall(self.trace)
        where = " in ".join(reversed(places[-1])) if places else ""
        kind = re.split(r"[:(]", self.wrong[0])[0].strip()
        return f"{kind} {where}".strip()


Target = Callable[[Case, Path], dict[str, Any]]


class FaultError(Exception):
    """Raised by a target for what must not be."""


def tried(case: Case, target: Target, *, seconds: float = SECONDS) -> Verdict:
    """Try a case in a process of its own; return how it ended."""
    root = Path(tempfile.mkdtemp(prefix="mixmaster-fuzz-"))
    try:
        for name in ("in", "out", "home", "tmp", "here"):
            (root / name).mkdir()
        case.write(root / "in")
        before = _held(root / "in")
        return _judged(root, before, case, target, seconds)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _judged(
    root: Path, before: dict[str, str], case: Case, target: Target, seconds: float
) -> Verdict:
    start = time.monotonic()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _child(writer, root, case, target, seconds)
    os.close(writer)
    answer, in_time = _answer(reader, start + seconds)
    os.close(reader)
    if not in_time:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    took = time.monotonic() - start
    resident = usage.ru_maxrss >> 10
    said = json.loads(answer) if answer and in_time else {}
    wrong: list[str] = list(said.get("wrong", ()))
    if not in_time or os.waitstatus_to_exitcode(status) == -signal.SIGXCPU:
        wrong.insert(0, f"hang: over {seconds:g} s")
    elif not answer:
        code = os.waitstatus_to_exitcode(status)
        wrong.insert(0, f"crash: it ended with {code}")
    if resident > RESIDENT_MIB:
        wrong.append(f"memory: {resident} MiB resident")
    wrong += _looked_over(root, before)
    printed = (root / "stderr").read_text("utf-8", "replace") if (root / "stderr").exists() else ""
    trace = said.get("trace") or printed
    return Verdict(tuple(wrong), trace[-_MOST_WORDS:], took, resident, said.get("said", {}))


def _answer(reader: int, until: float) -> tuple[str, bool]:
    parts: list[bytes] = []
    while True:
        left = until - time.monotonic()
        if left <= 0 or not select.select([reader], [], [], left)[0]:
            return "", False
        part = os.read(reader, 1 << 16)
        if not part:
            return b"".join(parts).decode(), True
        parts.append(part)


def _child(writer: int, root: Path, case: Case, target: Target, seconds: float) -> None:
    """Run the target; never returns."""
    said: dict[str, Any] = {"wrong": [], "trace": "", "said": {}}
    try:
        os.setsid()
        os.chdir(root / "here")
        _redirected(root)
        os.environ.update(
            HOME=str(root / "home"),
            XDG_CONFIG_HOME=str(root / "home" / "config"),
            XDG_CACHE_HOME=str(root / "home" / "cache"),
            TMPDIR=str(root / "tmp"),
            MIXMASTER_DEBUG="1",
            COLUMNS="100",
        )
        tempfile.tempdir = None
        cap = ADDRESS_MIB << 20
        resource.setrlimit(resource.RLIMIT_AS, (cap, cap))
        whole = int(seconds) + 5
        resource.setrlimit(resource.RLIMIT_CPU, (2 * whole, 2 * whole))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))
        watched: list[str] = []
        _watch(root, watched)
        try:
            said["said"] = target(case, root)
        except FaultError as fault:
            said["wrong"].append(str(fault))
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is a finding
            said["wrong"].append(f"{type(error).__name__}: {error}"[:500])
            said["trace"] = traceback.format_exc()[-_MOST_WORDS:]
        said["wrong"] += watched[:5]
    finally:
        data = json.dumps(said).encode()
        while data:
            data = data[os.write(writer, data) :]
        os._exit(0)


def _redirected(root: Path) -> None:
    for number, name in ((1, "stdout"), (2, "stderr")):
        fd = os.open(root / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(fd, number)
        os.close(fd)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)


def _watch(root: Path, wrong: list[str]) -> None:
    """Have the interpreter tell of every file written and every program started."""
    allowed = tuple(str(root / name) + os.sep for name in ("out", "home", "tmp"))
    changing = {"os.rename", "os.link", "os.symlink", "os.mkdir", "os.rmdir", "os.remove"}
    changing |= {"os.truncate", "os.chmod", "os.utime"}
    forbidden = {"os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "os.startfile"}
    forbidden |= {"socket.connect", "socket.bind", "socket.getaddrinfo"}

    def outside(path: Any, folder: int = -1) -> bool:
        if not isinstance(path, str | bytes | os.PathLike):
            return False  # a descriptor
        known = isinstance(folder, int) and folder >= 0
        where = Path(f"/proc/self/fd/{folder}").readlink() if known else Path.cwd()
        full = where / os.fsdecode(path)
        # A link is what is written, not what it leads to; its folder is where that truly lies.
        text = str(full.resolve() if full.name == ".." else full.parent.resolve() / full.name)
        return not (text + os.sep).startswith(allowed) and text not in {os.devnull, "/dev/tty"}

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITES and outside(path):
                wrong.append(f"writes outside: {os.fsdecode(path)!r}")
        elif event in changing:
            folder = arguments[_FOLDER_AT[event]] if event in _FOLDER_AT else -1
            paths = arguments[:2] if event in _TWO_PATHS else arguments[:1]
            wrong.extend(
                f"{event} outside: {os.fsdecode(path)!r}" for path in paths if outside(path, folder)
            )
        elif event in forbidden and arguments[0] != "uname":  # platform.processor() asks it
            wrong.append(f"runs or connects: {event} {arguments!r:.200}")
        elif event == "import" and str(arguments[1]).startswith(str(root)):
            wrong.append(f"imports from a document's folder: {arguments[1]!r}")

    sys.addaudithook(hook)


def _held(folder: Path) -> dict[str, str]:
    return dict(_entries(folder))


def _entries(folder: Path) -> Iterator[tuple[str, str]]:
    for top, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(top, name)
            if path.is_symlink():
                what = f"link to {path.readlink()}"
            elif path.is_dir():
                what = "folder"
            else:
                what = hashlib.sha256(path.read_bytes()).hexdigest()
            yield os.fsdecode(path.relative_to(folder)), what


def _looked_over(root: Path, before: dict[str, str]) -> Iterator[str]:
    """Tell what was changed that must not be, and what was left behind."""
    after = _held(root / "in")
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield f"inputs changed: {name!r}: {before.get(name)} became {after.get(name)}"
    yield from (f"left in the working folder: {name!r}" for name in _held(root / "here"))
    yield from (f"left in the temporary folder: {name!r}" for name in _held(root / "tmp"))
    for name in _held(root / "out"):
        if ".part" in name or (Path(name).name.startswith(".") and ".tmp" in name):
            yield f"left half-written: {name!r}"
    known = {"in", "out", "home", "tmp", "here", "stdout", "stderr"}
    yield from (f"written beside: {p.name!r}" for p in root.iterdir() if p.name not in known)
