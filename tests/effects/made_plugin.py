"""Plugins made for tests: a host module as the worker loads it, in the worker's process.

What a plugin does is the name of its path: ``/x/late.vst3`` is late.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.float32]
LATE_FRAMES = 6_000
HIDDEN_FRAMES = 100


class Made:
    """A gain that may be late, or worse.

    Args:
        kind: ``gain``, ``late``, ``hidden``, ``echo``, ``moving``, ``hangs``, ``crashes``,
            ``raises``, ``nan``, ``talks``.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.gain = 1.0
        self.mode = "clean"
        self.chunks = 0
        self.reset()

    def parameters(self) -> dict[str, dict[str, Any]]:
        gain = {"low": 0.0, "high": 4.0, "values": None, "value": self.gain, "unit": ""}
        mode = {"low": None, "high": None, "values": ["clean", "turned"], "value": self.mode}
        return {"gain": gain, "mode": {**mode, "unit": ""}}

    def set(self, name: str, value: float | bool | str) -> None:
        if name == "gain":
            if not 0.0 <= float(value) <= 4.0:
                raise ValueError(f"{value} is not between 0 and 4")
            self.gain = float(value)
        else:
            self.mode = str(value)

    def reset(self) -> None:
        self.past = np.zeros((2, 0), dtype=np.float32)
        self.silent = 0
        self.begun = False

    def process(self, block: Audio) -> Audio:
        self.begun |= bool(block.any())
        self.chunks += self.begun
        if self.begun:
            self._misbehave()
        out = block * np.float32(-self.gain if self.mode == "turned" else self.gain)
        if self.kind == "nan" and self.begun:
            out[:, 10] = np.nan
        if self.kind == "echo":  # 500 frames later, at half; forgotten by reset
            past = self.past if self.past.size else np.zeros((len(out), 500), dtype=np.float32)
            line = np.concatenate((past[: len(out)], out), axis=1)
            self.past = line[:, -500:]
            out = out + np.float32(0.5) * line[:, : out.shape[1]]
        if self.kind == "hidden":
            past = self.past if self.past.size else np.zeros((len(out), HIDDEN_FRAMES), np.float32)
            line = np.concatenate((past[: len(out)], out), axis=1)
            self.past = line[:, -HIDDEN_FRAMES:]
            out = line[:, :-HIDDEN_FRAMES]
        if self.kind in {"late", "moving"}:
            line = np.concatenate((self.past[: len(out)], out), axis=1)
            keep = LATE_FRAMES + (500 if self.kind == "moving" and self.chunks > 2 else 0)
            ready = max(0, line.shape[1] - keep)
            self.past = line[:, ready:]
            out = line[:, :ready]
        return out

    def _misbehave(self) -> None:
        if self.chunks != 3:
            return
        if self.kind == "hangs":
            time.sleep(600.0)
        if self.kind == "crashes":
            os.kill(os.getpid(), signal.SIGSEGV)
        if self.kind == "raises":
            raise KeyError("lost")
        if self.kind == "talks":
            os.write(1, b"\x00\xff all over standard output \n" * 1_000)
            sys.stdout.write("and again")


def load(path: str, plugin_name: str | None, *, sample_rate_hz: int, channels: int) -> Made:
    """Load a made plugin."""
    del plugin_name, sample_rate_hz, channels
    kind = Path(path).stem
    if kind == "broken":
        raise ImportError("no plugin in this file")
    if kind == "slow":
        time.sleep(600.0)
    if kind == "dies":
        os._exit(3)
    return Made(kind)
