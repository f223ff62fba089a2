"""The keeper of isolated decoders: ``python -m mixmaster.audio.isolation_keeper SOCKET``.

It imports what decoders need, decodes nothing itself, and forks a worker for every file it is
handed. A request is one JSON object:

    open  a container's name, with two descriptors: the file, the worker's socket -> worker
    end   a worker, and whether to kill it or to wait for its end first -> status

A worker answers requests (`REQUEST`: what, value, frames) with a length, a JSON object of that
length, and after a `READ` as many frames of float64, channel after channel, as that says.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Any, Final

from mixmaster.audio.decoders import DecodeError, Decoder, LibsndfileDecoder
from mixmaster.audio.riff import HeaderError

REQUEST: Final = struct.Struct("<Bqq")
ANSWER: Final = struct.Struct("<I")
MOST_ANSWER_BYTES: Final = 65_536
READ, SEEK = 1, 2

MEMORY_BYTES: Final = 512 << 20
"""What a worker may take beyond what its keeper has mapped."""

_ENDS_WITHIN_S = 2.0


def confine() -> None:
    """Give up, for good, what a decoder has no need of.

    No file can be opened, no socket and no pipe; nothing written but to the socket that is there;
    no process started (unless it is root's); so much memory and no more; no core file.
    """
    import resource

    pages = 0
    with contextlib.suppress(OSError, ValueError):  # no /proc
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limits = {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": 0, "RLIMIT_NPROC": 0}
    if pages:
        limits["RLIMIT_AS"] = pages * resource.getpagesize() + MEMORY_BYTES
    limits["RLIMIT_NOFILE"] = 0  # last: it takes effect at once
    for name, value in limits.items():
        number = getattr(resource, name, None)
        if number is not None:
            with contextlib.suppress(OSError, ValueError):  # lower already
                resource.setrlimit(number, (value, value))


def main() -> None:
    """Fork workers until nobody asks any more."""
    control = socket.socket(fileno=int(sys.argv[1]))
    import soundfile  # noqa: F401 - imported before the first fork

    workers: set[int] = set()
    while True:
        data, handed, _, _ = socket.recv_fds(control, 4_096, 2)
        if not data:
            break
        request = json.loads(data)
        if "open" in request:
            reply = {"worker": _forked(control, request["open"], handed)}
            workers.add(reply["worker"])
        else:
            workers.discard(request["end"])
            reply = {"status": _ended(request["end"], kill=request["kill"])}
        control.sendall(json.dumps(reply).encode("ascii"))
    for worker in workers:
        os.kill(worker, signal.SIGKILL)


def _forked(control: socket.socket, container: str, handed: list[int]) -> int:
    if container == "m4a":
        _import_all_of_pyav()
    worker = os.fork()
    if worker == 0:
        try:
            control.close()
            confine()
            _serve(handed[0], socket.socket(fileno=handed[1]), container)
        finally:
            os._exit(0)
    for each in handed:
        os.close(each)
    return worker


def _import_all_of_pyav() -> None:
    """Import what PyAV would import when it opens a file: a worker can open nothing."""
    import importlib
    import pkgutil

    import mixmaster.audio.mp4_reading  # noqa: F401

    with contextlib.suppress(ImportError):
        import av

        for found in pkgutil.walk_packages(av.__path__, "av."):
            if not found.name.endswith("__main__"):
                importlib.import_module(found.name)


def _ended(worker: int, *, kill: bool) -> int:
    """Return how a worker ended; one that does not is killed."""
    until = time.monotonic() + (0.0 if kill else _ENDS_WITHIN_S)
    while time.monotonic() < until:
        found, status = os.waitpid(worker, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(worker, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])


def _serve(fd: int, answers: socket.socket, container: str) -> None:
    """Decode one file until nobody asks any more."""
    try:
        decoder = _opened(fd, container)
    except HeaderError as error:
        _tell(answers, {"error": "header", "reason": error.reason, "hint": error.hint})
        return
    except MemoryError:
        reason = f"its decoder asks for more than {MEMORY_BYTES >> 20} MB"
        _tell(answers, {"error": "header", "reason": reason, "hint": "it may be damaged"})
        return
    except Exception as error:  # noqa: BLE001 - a library's accident is told like a crash
        _tell(answers, {"error": "decode", "reason": _said(error)})
        return
    names = ("subtype", "sample_rate_hz", "channels", "frames", "finite")
    _tell(answers, {name: getattr(decoder, name) for name in names})
    while len(raw := answers.recv(REQUEST.size, socket.MSG_WAITALL)) == REQUEST.size:
        what, value, frames = REQUEST.unpack(raw)
        try:
            if what == READ:
                block = decoder.read(value)
                _tell(answers, {"frames": block.shape[1]})
                answers.sendall(block.data if block.size else b"")
            else:
                decoder.frames = frames
                decoder.seek(value)
                _tell(answers, {"position": decoder.position})
        except DecodeError as error:
            _tell(answers, {"error": "decode", "reason": error.reason, "frame": error.frame})
        except OSError:  # nobody is there any more
            return
        except Exception as error:  # noqa: BLE001 - a library's accident is told like a crash
            _tell(answers, {"error": "decode", "reason": _said(error), "frame": decoder.position})


def _opened(fd: int, container: str) -> Decoder:
    if container == "m4a":
        from mixmaster.audio.mp4_reading import Mp4Decoder

        return Mp4Decoder(fd)
    return LibsndfileDecoder(fd, container)


def _tell(answers: socket.socket, said: dict[str, Any]) -> None:
    text = json.dumps(said).encode("ascii")[:MOST_ANSWER_BYTES]
    answers.sendall(ANSWER.pack(len(text)) + text)


def _said(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return f"its decoder asks for more than {MEMORY_BYTES >> 20} MB"
    return f"its decoder failed: {type(error).__name__}: {error}"


if __name__ == "__main__":
    main()
