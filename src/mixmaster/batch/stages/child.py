"""The inside of a `StageProcess`: stages come in on stdin, progress and results go out on stdout.

A request is a line of base64, a pickle from our own parent; an answer is a line of JSON. When stdin
ends, whoever started this process is gone: what is under way is undone, and so is the process.
"""

from __future__ import annotations

import base64
import json
import os
import pickle
import queue
import signal
import sys
import threading
import time
from typing import IO, Any, Final

from mixmaster.batch.stages.process import GRACE_S

_SECONDS_BETWEEN: Final = 0.2
_STOPPED: Final = 143


def main() -> int:
    """Work until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # that is for the parent
    answers = _own_stdout()
    asked: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, asked), daemon=True).start()

    from mixmaster.batch.stages.stage import StageSpec
    from mixmaster.batch.stages.working import run_stage
    from mixmaster.engine.publish import remove_partials
    from mixmaster.engine.threads import keep_freed_memory

    keep_freed_memory()
    signal.signal(signal.SIGTERM, _interrupt)  # so far there is nothing to clean up
    try:
        _say(answers, {"ready": True})
        while True:
            data, workplace, worker = pickle.loads(base64.b64decode(asked.get()))  # noqa: S301 - our parent's
            spec = StageSpec.from_json(data)
            result = run_stage(spec, workplace, tell=_Teller(answers), worker=worker)
            _say(answers, {"result": result.to_json()})
    except (KeyboardInterrupt, BrokenPipeError):
        remove_partials()
        return _STOPPED


class _Teller:
    """Sends progress, but not too often.

    Args:
        answers: Where to.
    """

    def __init__(self, answers: IO[bytes]) -> None:
        self._answers = answers
        self._what = ""
        self._said_s = 0.0

    def __call__(self, what: str, share: float) -> None:
        """Take how far a stage is."""
        now_s = time.monotonic()
        if what != self._what or now_s - self._said_s >= _SECONDS_BETWEEN:
            self._what, self._said_s = what, now_s
            _say(self._answers, {"what": what, "share": share})


def _own_stdout() -> IO[bytes]:
    """Return stdout for our own lines; what libraries print there goes nowhere."""
    own = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
    return own


def _listen(source: IO[bytes], asked: queue.SimpleQueue[bytes]) -> None:
    """Pass requests on; when the parent is gone, end whatever is under way."""
    for line in source:
        asked.put(line)
    if sys.platform != "win32":
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_S)
    os._exit(_STOPPED)


def _interrupt(number: int, frame: Any) -> None:
    del number, frame
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _say(answers: IO[bytes], message: dict[str, Any]) -> None:
    answers.write(json.dumps(message, allow_nan=False).encode("ascii") + b"\n")
    answers.flush()


if __name__ == "__main__":
    status = main()
    os._exit(status)  # the thread that listens holds the standard input
