"""Decoders of other people's files, each in a process of its own that can do nothing else.

libsndfile and FFmpeg are large C libraries, and whoever sends a file chooses what they are fed.
Isolated, a file is decoded by a process that may open no file, write to none, start nothing and
take only so much memory (`confine` in `mixmaster.audio.isolation_keeper`); its samples come over a
socket, block by block. A crash is an error that names the file, and so is a decoder that hangs.
What is plain PCM in WAV is read here all the same: that reader is Python.

A process that has everything imported, the keeper, forks a worker for each file: a start takes some
milliseconds, and workers share nothing with one another.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from typing import Any, Final

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, Block
from mixmaster.audio.containers import LOSSY_SUBTYPES
from mixmaster.audio.decoders import UNKNOWN_FRAMES, DecodeError, Decoder
from mixmaster.audio.isolation_keeper import ANSWER, MOST_ANSWER_BYTES, READ, REQUEST, SEEK
from mixmaster.audio.riff import HeaderError

TIME_LIMIT_S: Final = 60.0
"""How long an answer may take; decoding a block takes milliseconds."""

_MODULE = "mixmaster.audio.isolation_keeper"
_SHOWN_CHARACTERS = 200


class IsolatedDecoder(Decoder):
    """A file that another process decodes.

    Args:
        fd: An open descriptor.
        container: What the first bytes said it is.

    Raises:
        HeaderError: For what cannot be opened, and for a decoder that crashes or hangs on it.
    """

    def __init__(self, fd: int, container: str) -> None:
        self._socket, far = socket.socketpair()
        self._gone = False
        try:
            with far:
                self._keeper, self._worker = _open_worker(fd, far.fileno(), container)
        except BaseException:
            self._socket.close()
            raise
        try:
            said = self._answer()
            self.subtype = _printable(said.get("subtype"))
            self.sample_rate_hz = self._number(said, "sample_rate_hz")
            self.channels = self._number(said, "channels")
            self.frames = min(self._number(said, "frames"), UNKNOWN_FRAMES)
            self.finite = said.get("finite") is True
        except DecodeError as error:
            self.close()
            raise HeaderError(error.reason, "leave it out, or convert it") from error
        except BaseException:
            self.close()
            raise
        self._exact_seek = self.subtype not in LOSSY_SUBTYPES

    def read(self, frames: int) -> Block:
        """Return the next ``(channels, n)``."""
        blocks: list[Block] = []
        left = frames
        while left > 0:
            wanted = min(left, BLOCK_FRAMES)
            got = self._number(self._ask(READ, wanted), "frames")
            if got > wanted:
                raise self._failure("its decoder gives what was not asked for")
            block = np.empty((self.channels, got))
            self._fill(block.reshape(-1).view(np.uint8).data)
            blocks.append(block)
            self.position += got
            left -= got
            if got < wanted:
                break
        if len(blocks) == 1:
            return blocks[0]
        return np.concatenate([np.zeros((self.channels, 0)), *blocks], axis=1)

    def seek(self, frame: int) -> None:
        """Go to ``frame``; what has to be decoded on the way is, in steps that are timed."""
        if not (self._exact_seek and frame < self.frames < UNKNOWN_FRAMES):
            if frame < self.position:
                self._go(0)
            while self.position < frame:
                before = self.position
                self._go(min(frame, before + BLOCK_FRAMES))
                if self.position <= before:
                    return
        elif frame != self.position:
            self._go(frame)

    def close(self) -> None:
        """End the process."""
        if not self._gone:
            self._gone = True
            self._socket.close()
            self._keeper.end(self._worker, kill=True)

    def _go(self, frame: int) -> None:
        self.position = self._number(self._ask(SEEK, frame, self.frames), "position")

    def _ask(self, what: int, value: int, frames: int = 0) -> dict[str, Any]:
        try:
            self._socket.sendall(REQUEST.pack(what, value, frames))
        except OSError as error:
            raise self._failure("") from error
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        raw = bytearray(ANSWER.size)
        self._fill(memoryview(raw))
        (length,) = ANSWER.unpack(raw)
        if length > MOST_ANSWER_BYTES:
            raise self._failure("its decoder speaks nonsense")
        text = bytearray(length)
        self._fill(memoryview(text))
        try:
            said = json.loads(text)
            kind = said.get("error")
        except (ValueError, AttributeError, RecursionError) as error:
            raise self._failure("its decoder speaks nonsense") from error
        if kind is None:
            return dict(said)
        reason = _printable(said.get("reason", ""))
        if kind == "header":
            raise HeaderError(reason, _printable(said.get("hint", "")))
        raise DecodeError(reason, self._number({"frame": self.position, **said}, "frame"))

    def _number(self, said: dict[str, Any], name: str) -> int:
        number = said.get(name)
        if not isinstance(number, int) or number < 0:
            raise self._failure("its decoder speaks nonsense")
        return number

    def _fill(self, into: memoryview) -> None:
        """Read so many bytes, within the time limit for all of them."""
        until = time.monotonic() + TIME_LIMIT_S
        while into:
            try:
                self._socket.settimeout(max(0.001, until - time.monotonic()))
                count = self._socket.recv_into(into)
            except TimeoutError as error:
                self.close()
                reason = f"its decoder hung: no answer within {TIME_LIMIT_S:g} s"
                raise DecodeError(reason, self.position) from error
            except OSError as error:
                raise self._failure("") from error
            if count == 0:
                raise self._failure("")
            into = into[count:]

    def _failure(self, reason: str) -> DecodeError:
        """End the worker and return what became of it."""
        if not self._gone:
            self._gone = True
            status = self._keeper.end(self._worker, kill=False)
            self._socket.close()
            how = f"exit status {status}"
            if status < 0:
                with contextlib.suppress(ValueError):
                    how = signal.Signals(-status).name
            reason = reason or f"its decoder crashed ({how})"
        return DecodeError(reason or "its decoder is gone", self.position)


class _Keeper:
    """The process that forks workers, seen from this side."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._control, far = socket.socketpair()
        alone = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
        with far:
            process = subprocess.Popen(  # noqa: S603 - this very interpreter
                # -P: what lies in the working folder is never imported.
                [sys.executable, "-P", "-m", _MODULE, str(far.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[far.fileno()],
                env={**os.environ, **alone},
                start_new_session=True,  # Ctrl-C is for this side, which then ends it
            )
        self.close = weakref.finalize(self, _close, self._control, process, os.getpid())

    def open(self, fd: int, far: int, container: str) -> int:
        """Have a worker forked for a file; return its number."""
        message = json.dumps({"open": container}).encode("ascii")
        with self._lock:
            socket.send_fds(self._control, [message], [fd, far])
            return int(self._reply()["worker"])

    def end(self, worker: int, *, kill: bool) -> int:
        """End a worker; return its exit status, negative for a signal."""
        with self._lock:
            try:
                self._control.sendall(json.dumps({"end": worker, "kill": kill}).encode("ascii"))
                return int(self._reply()["status"])
            except OSError:  # gone, and its workers with it
                return -int(getattr(signal, "SIGKILL", 9))

    def _reply(self) -> dict[str, Any]:
        data = self._control.recv(1024)
        if not data:
            raise ConnectionResetError
        return dict(json.loads(data))


def _close(control: socket.socket, process: subprocess.Popen[bytes], owner: int) -> None:
    """End a keeper: it goes when nobody speaks to it, and its workers with it."""
    control.close()
    if os.getpid() == owner:
        process.kill()
        process.wait()


_keepers: dict[int, _Keeper] = {}
"""By process: one that was forked does not speak to its parent's."""
_starting = threading.Lock()


def _open_worker(fd: int, far: int, container: str) -> tuple[_Keeper, int]:
    if not hasattr(os, "fork") or not hasattr(socket, "send_fds"):
        raise HeaderError("decoders cannot be isolated on this system", "leave --isolate out")
    for attempt in (1, 2):
        with _starting:
            keeper = _keepers.get(os.getpid())
            if keeper is None:
                keeper = _keepers[os.getpid()] = _Keeper()
        try:
            return keeper, keeper.open(fd, far, container)
        except OSError as error:  # it was ended from outside: another one takes its place
            with _starting:
                if _keepers.get(os.getpid()) is keeper:
                    del _keepers[os.getpid()]
            keeper.close()
            if attempt == 2:
                raise HeaderError("its decoder cannot be started", "leave --isolate out") from error
    raise AssertionError


def _printable(text: Any) -> str:
    """Return what a worker says as one short line; it may have been taken over."""
    plain = "".join(each if each.isprintable() else " " for each in str(text))
    return " ".join(plain.split())[:_SHOWN_CHARACTERS]
