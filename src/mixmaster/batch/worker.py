"""A worker process of this machine: stages come in on stdin, events and results go out on stdout.

Each line is JSON. When stdin ends, whoever started the worker is gone, and so is the worker, at
once: its work folder is unlocked by that, and removed by the next batch.
"""

from __future__ import annotations

import base64
import json
import os
import pickle
import queue
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

_SECONDS_BETWEEN = 0.2


def main() -> None:
    """Work until stdin ends."""
    answers = _own_stdout()
    waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, waiting), daemon=True).start()

    from mixmaster.batch.local import LocalWorkplace
    from mixmaster.batch.stage import StageSpec
    from mixmaster.batch.working import run_stage
    from mixmaster.batch.workplace import Workplace

    head = waiting.get()
    workplace: Workplace = LocalWorkplace(Path(head["output"]), overwrite=head["overwrite"])
    if "workplace" in head:
        workplace = pickle.loads(base64.b64decode(head["workplace"]))  # noqa: S301 - our parent's
    _say(answers, {"ready": True})
    while True:
        spec = StageSpec.from_json(waiting.get())
        result = run_stage(spec, workplace, tell=_Teller(answers), worker=head["worker"])
        _say(answers, {"result": result.to_json()})


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


def _listen(source: IO[bytes], waiting: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in source:
        waiting.put(json.loads(line))
    os._exit(0)


def _say(answers: IO[bytes], message: dict[str, Any]) -> None:
    try:
        answers.write(json.dumps(message, allow_nan=False).encode("ascii") + b"\n")
        answers.flush()
    except BrokenPipeError:  # nobody is left who would want to know
        os._exit(0)


if __name__ == "__main__":
    main()
