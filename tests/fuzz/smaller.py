"""A case that fails, made smaller while it still fails in the same way."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.fuzz.cases import Case
from tests.fuzz.guard import Verdict

MOST_TRIES = 120
MOST_SECONDS = 60.0


def smaller(case: Case, signature: str, attempt: Callable[[Case], Verdict]) -> Case:
    """Return a smaller case of the same signature: files left out, then parts of files.

    Text loses lines and binary files ranges of bytes, halves first (after Zeller's delta debugging,
    in its simplest form).
    """
    until = time.monotonic() + MOST_SECONDS
    tries = 0

    def holds(candidate: Case) -> bool:
        nonlocal tries
        tries += 1
        return attempt(candidate).signature == signature

    def may_go_on() -> bool:
        return tries < MOST_TRIES and time.monotonic() < until

    for name in list(case.files):
        if len(case.files) > 1 and may_go_on():
            without = case.without_file(name)
            case = without if holds(without) else case
    for name in list(case.files):
        units = _units(case.files[name])
        size = len(units) // 2
        while size and may_go_on():
            at = len(units) - size
            while at > -size and may_go_on():
                fewer = units[: max(0, at)] + units[max(0, at) + size :]
                candidate = case.with_file(name, b"".join(fewer))
                if holds(candidate):
                    case, units = candidate, fewer
                at -= size
            size //= 2
    return case


def _units(data: bytes) -> list[bytes]:
    """Return lines of text, or pieces of at most a sixty-fourth of anything else."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        step = max(1, len(data) // 64)
        return [data[at : at + step] for at in range(0, len(data), step)]
    return data.splitlines(keepends=True)
