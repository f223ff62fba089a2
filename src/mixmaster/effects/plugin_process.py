"""A plugin's worker process, seen from this side: asked, waited for, and ended when it hangs."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mixmaster.arrays import Block
from mixmaster.documents.addresses import did_you_mean
from mixmaster.effects.keyless import misfit
from mixmaster.effects.plugin_worker import Audio, receive, send
from mixmaster.errors import PluginError

HOST = "mixmaster.effects.plugin_pedalboard"
"""The module that loads plugins, in the worker."""


class PluginProcess:
    """One plugin in a process of its own; it ends with this object.

    Args:
        name: The plugin's id.
        where: The insert's id, for errors.
        channels: Channels of every block.
        time_limit_s: How long an answer may take.
    """

    def __init__(self, name: str, where: str, channels: int, time_limit_s: float) -> None:
        self._name, self._where = name, where
        self._channels = channels
        self._limit_s = time_limit_s
        # -P: what lies in the working folder is never imported.
        self._worker = subprocess.Popen(  # noqa: S603 - this very interpreter
            [sys.executable, "-P", "-m", "mixmaster.effects.plugin_worker", HOST],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for this side, which then ends the worker
        )
        self.close = weakref.finalize(self, _end, self._worker)

    def load(
        self,
        path: Path,
        plugin_name: str | None,
        *,
        sample_rate_hz: int,
        parameters: Mapping[str, float | bool | str],
    ) -> tuple[dict[str, dict[str, Any]], int]:
        """Load the plugin; return its parameters and by how many frames it is late.

        Raises:
            DocumentError: For a parameter that it does not have, or a value that it refuses.
            PluginError: For a plugin that cannot be loaded, crashes or hangs.
        """
        header = {
            "path": str(path),
            "plugin_name": plugin_name,
            "sample_rate_hz": sample_rate_hz,
            "channels": self._channels,
            "parameters": dict(parameters),
        }
        answer, _ = self._ask(header, None, "while it was loaded")
        kind = answer.get("error")
        if kind is None:
            return answer["parameters"], int(answer["latency_samples"])
        self.close()
        if kind == "load":
            reason = f"the plugin '{self._name}' cannot be used: {answer['reason']}"
            raise PluginError(self._where, reason)
        key = f"parameters.{answer['parameter']}"
        if kind == "unknown":
            reason = f"the plugin '{self._name}' has no such parameter"
            hint = did_you_mean(answer["parameter"], answer["known"])
            raise misfit(self._where, reason, hint, key)
        raise misfit(
            self._where, f"the plugin '{self._name}' refuses it: {answer['reason']}", "", key
        )

    def process(self, block: Block, time_s: float) -> Audio:
        """Return what the plugin has ready after a block, ``(channels, frames)``.

        Args:
            block: ``(channels, frames)``.
            time_s: Where it lies, for errors.

        Raises:
            PluginError: When it crashes or hangs.
        """
        frames = {"frames": block.shape[1]}
        return self._ask(frames, block.astype(np.float32), f"at {time_s:.3f} s")[1]

    def _ask(
        self, header: dict[str, Any], audio: Audio | None, when: str
    ) -> tuple[dict[str, Any], Audio]:
        """Send a request and return the answer.

        A timer ends the worker when time is up; both pipes then break, and whichever this side
        waits on lets go.
        """
        worker = self._worker
        assert worker.stdin is not None
        assert worker.stdout is not None
        late = threading.Event()

        def end() -> None:
            late.set()
            worker.kill()

        timer = threading.Timer(self._limit_s, end)
        timer.daemon = True
        timer.start()
        try:
            send(worker.stdin, header, audio)
            return receive(worker.stdout, self._channels)
        except (EOFError, OSError) as error:
            raise self._failure(when, hung=late.is_set()) from error
        finally:
            timer.cancel()

    def _failure(self, when: str, *, hung: bool) -> PluginError:
        """End the worker and return the error that says what became of it."""
        if hung:
            self.close()
            return PluginError(
                self._where,
                f"the plugin '{self._name}' hung {when}: no answer within {self._limit_s:g} s",
                "leave it out, or raise its time_limit_s in the list of plugins",
            )
        try:
            status = self._worker.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            status = 0
        self.close()
        how = f"exit status {status}"
        if status < 0:
            how = signal.Signals(-status).name
        return PluginError(
            self._where, f"the plugin '{self._name}' crashed {when} ({how})", "leave it out"
        )


def _end(worker: subprocess.Popen[bytes]) -> None:
    """End a worker and let go of its pipes."""
    worker.kill()
    worker.wait()
    for pipe in (worker.stdin, worker.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:  # what was still to be written has nobody to read it
                continue
