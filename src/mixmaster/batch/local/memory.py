"""How much memory there is to share out, and how much processes take."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

_UNKNOWN_BYTES: Final = 4 << 30


def free_memory_bytes() -> int:
    """Return the memory that processes may take now: what is free, or left of a container's limit.

    proc_meminfo(5), MemAvailable; control groups version 2, memory.max and memory.current.
    """
    found = [_available(), _left_of_group()]
    known = [each for each in found if each is not None]
    return min(known) if known else _UNKNOWN_BYTES


def resident_bytes(pid: int) -> int:
    """Return the memory that a process takes of its own now; 0 where that cannot be said.

    proc_pid_statm(5): resident pages without those shared with files.
    """
    with contextlib.suppress(OSError, ValueError, IndexError):
        said = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
        return max(0, int(said[1]) - int(said[2])) * os.sysconf("SC_PAGE_SIZE")
    return 0


def said_bytes(count: int) -> str:
    """Return a size in words."""
    return f"{count / (1 << 30):.3g} GiB" if count >= 1 << 30 else f"{count / (1 << 20):.3g} MiB"


def _available() -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    return None


def _left_of_group() -> int | None:
    group = Path("/sys/fs/cgroup")
    with contextlib.suppress(OSError, ValueError):
        most = (group / "memory.max").read_text(encoding="ascii").strip()
        if most != "max":
            used = int((group / "memory.current").read_text(encoding="ascii"))
            return max(0, int(most) - used)
    return None
