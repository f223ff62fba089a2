"""A process of its own for stages, seen from whoever started it; its inside is ``child.py``.

A stage that crashes, runs out of memory or hangs takes this process with it, and nothing else. The
process runs stages one after another and imports but once. It ends when whoever started it does,
however that ends.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from mixmaster.batch.stages.stage import StageSpec
from mixmaster.batch.stages.workplace import Workplace

GRACE_S: Final = 1.5
"""How long a process that is told to end may take to clean up."""

_CHILD: Final = "mixmaster.batch.stages.child"
_ALONE: Final = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")


class StageProcess:
    """The process.

    Args:
        hear: Called from a thread with every message of its: ``{"ready"}``, ``{"what", "share"}``,
            ``{"result"}``; None at its end.
    """

    def __init__(self, hear: Callable[[dict[str, Any] | None], None]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - this very interpreter
            # -P: what lies in the working folder is never imported.
            [sys.executable, "-P", "-m", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("MIXMASTER_DEBUG") else subprocess.DEVNULL,
            env={**os.environ, **dict.fromkeys(_ALONE, "1")},
            start_new_session=True,  # Ctrl-C is for this side, which then ends the process
        )
        self._hear = hear
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def lives(self) -> bool:
        """Whether it can be given a stage."""
        return self._process.poll() is None

    def ask(self, spec: StageSpec, workplace: Workplace, worker: str) -> None:
        """Have it run a stage; one that has died meanwhile is noticed by its end.

        Args:
            spec: The stage.
            workplace: Where its inputs are, and its outputs go.
            worker: Who does it, for the result.
        """
        said = base64.b64encode(pickle.dumps((spec.to_json(), workplace, worker)))
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(said + b"\n")
            self._process.stdin.flush()

    def begin_end(self) -> None:
        """Tell it to end, and to remove what is half-made."""
        with contextlib.suppress(OSError):
            self._process.terminate()

    def end(self) -> int:
        """End it: kindly, then firmly; return how it ended, as `subprocess` says it."""
        self.begin_end()
        return self.wait(GRACE_S)

    def wait(self, timeout_s: float) -> int:
        """Wait for its end, so long at most, then end it; return how it ended."""
        try:
            status = self._process.wait(max(timeout_s, 0.0))
        except subprocess.TimeoutExpired:
            self.kill()
            status = self._process.wait()
        self._thread.join(GRACE_S)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        return status

    def kill(self) -> None:
        """End it now, with all that it has started."""
        with contextlib.suppress(OSError):
            if sys.platform == "win32":
                self._process.kill()
            else:
                os.killpg(self._process.pid, signal.SIGKILL)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError, OSError):
            for line in self._process.stdout:
                self._hear(json.loads(line))
        self._hear(None)


def end_all(processes: Iterable[StageProcess]) -> None:
    """End processes together, within the time that one may take."""
    mine = list(processes)
    for each in mine:
        each.begin_end()
    deadline_s = time.monotonic() + GRACE_S
    for each in mine:
        each.wait(deadline_s - time.monotonic())


def epitaph(status: int) -> str:
    """Return how a process has ended, in words."""
    if status >= 0:
        return f"its process ended by itself (exit status {status})"
    name = str(-status)
    with contextlib.suppress(ValueError):
        name = signal.Signals(-status).name
    if name == "SIGKILL":
        return "its process was killed (SIGKILL; when memory is short, the system does that)"
    return f"its process crashed ({name})"
