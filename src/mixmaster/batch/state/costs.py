"""What stages cost: measured while they run, kept in the output folder, and what to expect."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from mixmaster.batch.stages.stage import Cost, Estimate
from mixmaster.batch.state.files import read_state, write_state

_SHARE: Final = 0.2
"""How much the latest stage moves what is expected."""

_DEFAULT_CPU: Final[Mapping[str, float]] = {"mix": 0.005, "master": 0.010}
"""Seconds of processor time for a second of a stem, or of a mix through a chain and to a target."""

_BASE_BYTES: Final[Mapping[str, int]] = {"mix": 230 << 20, "master": 260 << 20}
"""Memory of a process that mixes or masters next to nothing: libraries and buffers."""

_PER_STEM_BYTES: Final = 4 << 20
_FLOAT32_BYTES: Final = 4


class Meter:
    """Time, processor time and memory of this process from now on."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self._cpu_s = _cpu_s()
        _forget_peak()

    def cost(self, audio_s: float) -> Cost:
        """Return what it has cost so far.

        Args:
            audio_s: How much audio was made.
        """
        wall_s = time.monotonic() - self._began_s
        return Cost(wall_s, _cpu_s() - self._cpu_s, _peak_bytes(), audio_s)


class Costs:
    """What stages are expected to cost.

    Args:
        path: Where what was measured is kept; None keeps nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        found = read_state(path) if path is not None else None
        self._known: dict[str, dict[str, float]] = found if isinstance(found, dict) else {}

    def expect(self, kind: str, work: float, size: Size) -> Estimate:
        """Return what a stage may cost.

        Args:
            kind: ``mix`` or ``master``.
            work: How much it is; see `mix_work` and `master_work`.
            size: Of its files.
        """
        known = self._known.get(kind, {})
        cpu_s = work * known.get("cpu_s", _DEFAULT_CPU[kind])
        memory = _BASE_BYTES[kind] + _PER_STEM_BYTES * size.stems
        memory = round(max(0.5, known.get("memory", 1.0)) * memory)
        return Estimate(cpu_s, memory, size.scratch_bytes, size.output_bytes)

    def learn(self, kind: str, work: float, stems: int, cost: Cost) -> None:
        """Take what a stage has cost into account.

        Args:
            kind: ``mix`` or ``master``.
            work: How much it was.
            stems: How many stems it has read.
            cost: What was measured.
        """
        if work <= 0.0:
            return
        known = self._known.setdefault(kind, {})
        _move(known, "cpu_s", cost.cpu_s / work)
        ratio = cost.peak_rss_bytes / (_BASE_BYTES[kind] + _PER_STEM_BYTES * stems)
        if ratio > known.get("memory", 0.0):
            known["memory"] = ratio  # never less than was seen
        else:
            _move(known, "memory", ratio)

    def save(self) -> None:
        """Keep what was learnt."""
        if self._path is not None and self._known:
            with contextlib.suppress(OSError):
                write_state(self._path, self._known, durable=False)


class Size:
    """How large a stage's files are.

    Args:
        stems: How many stems it reads.
        scratch_bytes: Its temporary files.
        output_bytes: Its outputs.
    """

    def __init__(self, stems: int, scratch_bytes: int, output_bytes: int) -> None:
        self.stems = stems
        self.scratch_bytes = scratch_bytes
        self.output_bytes = output_bytes


def mix_work(duration_s: float, stems: int, versions: int) -> float:
    """Return how much work a mix is: what versions share is done once."""
    return duration_s * (stems + 2.0) * (1.0 + 0.5 * (versions - 1))


def master_work(duration_s: float, targets: int) -> float:
    """Return how much work masters are: the chain runs once, then each target."""
    return duration_s * (1.0 + targets)


def premaster_bytes(frames: int) -> int:
    """Return the size of a premaster: 32-bit float, stereo, with a tail."""
    return 2 * _FLOAT32_BYTES * frames + (1 << 16)


def _move(known: dict[str, float], name: str, value: float) -> None:
    before = known.get(name)
    known[name] = value if before is None else before + _SHARE * (value - before)


def _cpu_s() -> float:
    """Return the processor time of this process and of those that it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _forget_peak() -> None:
    """Have the system forget the largest memory so far: proc(5), clear_refs, 5 (Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak_bytes() -> int:
    """Return this process's largest resident memory since `_forget_peak`; 0 where unknown."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10
