"""A process of its own for stages, under a cluster's worker.

A stage that crashes, runs out of memory or hangs takes this process with it, never the worker:
so the cluster loses a worker only when a machine is lost. The process runs stages one after another
and imports but once. It ends when its worker does, however that ends.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, Any, Final

from mixmaster.batch.stage import StageError, StageResult, StageSpec
from mixmaster.batch.workplace import Workplace

GRACE_S: Final = 1.5
"""How long a process that is told to end may take to clean up."""

POLL_S: Final = 0.1

Tell = Callable[[str, float], None]


class Child:
    """The process, seen from its worker."""

    def __init__(self) -> None:
        # -P: what lies in the working folder is never imported.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "mixmaster.batch.cluster_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the worker, which then ends this
        )
        self._said: queue.Queue[dict[str, Any] | None] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def lives(self) -> bool:
        """Whether it can be given a stage."""
        return self._process.poll() is None

    def run(
        self,
        spec: StageSpec,
        workplace: Workplace,
        *,
        worker: str,
        tell: Tell,
        stopped: Callable[[], bool],
        time_limit_s: float | None,
    ) -> StageResult | None:
        """Run a stage; return its result, or None when it was stopped.

        Args:
            spec: The stage.
            workplace: Where its inputs are, and its outputs go.
            worker: Who does it, for the result.
            tell: Told what is being done, and how far it is.
            stopped: Asked several times a second whether it is wanted no longer.
            time_limit_s: How long it may take.
        """
        request = base64.b64encode(pickle.dumps((spec.to_json(), workplace, worker)))
        began = time.monotonic()
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(request + b"\n")
            self._process.stdin.flush()
        except OSError:
            return self._died(spec, worker)
        while True:
            try:
                said = self._said.get(timeout=POLL_S)
            except queue.Empty:
                pass
            else:
                if said is None:
                    return self._died(spec, worker)
                if "result" in said:
                    return StageResult.from_json(said["result"])
                tell(said["what"], said["share"])
            if stopped():
                self.end()
                return None
            if time_limit_s is not None and time.monotonic() - began > time_limit_s:
                self.end()
                reason = f"it took longer than the {time_limit_s:g} s that it may take"
                return StageResult.failure(spec, StageError("TimeLimit", reason), worker=worker)

    def end(self) -> None:
        """End the process: kindly, so that it removes what is half-made, then firmly."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            for line in self._process.stdout:
                self._said.put(json.loads(line))
        self._said.put(None)

    def _died(self, spec: StageSpec, worker: str) -> StageResult:
        try:
            status = self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            status = 0
        self.end()
        how = f"exit status {status}"
        if status < 0:
            how = signal.Signals(-status).name
            if status == -signal.SIGKILL:
                how += ", out of memory most likely"
        reason = f"its process ended ({how})"
        return StageResult.failure(spec, StageError("Died", reason), worker=worker)


def main() -> int:
    """Run stages that come as lines on the standard input, until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints does not print into the answers
    asked: queue.Queue[bytes | None] = queue.Queue()
    from mixmaster.batch.working import run_stage
    from mixmaster.engine.publish import remove_partials
    from mixmaster.engine.threads import keep_freed_memory

    keep_freed_memory()
    signal.signal(signal.SIGTERM, _interrupt)  # so far there is nothing to clean up
    threading.Thread(target=_hear, args=(sys.stdin.buffer, asked), daemon=True).start()
    try:
        while (line := asked.get()) is not None:
            data, workplace, worker = pickle.loads(base64.b64decode(line))  # noqa: S301 - from our parent

            def tell(what: str, share: float) -> None:
                _answer(answers, {"what": what, "share": share})

            spec = StageSpec.from_json(data)
            result = run_stage(spec, workplace, tell=tell, worker=worker)
            _answer(answers, {"result": result.to_json()})
    except (KeyboardInterrupt, BrokenPipeError):
        remove_partials()
        return 143
    return 0


def _interrupt(number: int, frame: Any) -> None:
    del number, frame
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _hear(requests: IO[bytes], asked: queue.Queue[bytes | None]) -> None:
    """Pass requests on; when the worker is gone, end whatever is under way."""
    for line in requests:
        asked.put(line)
    asked.put(None)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(143)


def _answer(answers: IO[bytes], said: dict[str, Any]) -> None:
    answers.write(json.dumps(said, allow_nan=False).encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    status = main()
    os._exit(status)  # the thread that listens holds the standard input
