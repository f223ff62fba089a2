"""Times and sizes as people say them."""

from __future__ import annotations


def clock(seconds: float) -> str:
    """Return a time: ``0.4 s``, ``42 s``, ``3 min 20 s``, ``2 h 05 min``."""
    if seconds < 10.0:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def size(count: int) -> str:
    """Return a size in bytes: ``3.2 GB``, ``640 MB``."""
    for unit, scale in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count / 1000:.0f} kB"


def several(count: int, one: str, many: str = "") -> str:
    """Return a count in words: ``1 song``, ``12 songs``; ``many`` where an s is not enough."""
    return f"{count} {one if count == 1 else many or one + 's'}"
