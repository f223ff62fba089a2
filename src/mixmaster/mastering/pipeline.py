"""Working ahead: one thread makes the next block while another uses this one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_END = object()


def ahead(values: Iterable[T], threads: int) -> Iterator[T]:
    """Yield ``values``, the next one being made on another thread meanwhile.

    Args:
        values: Made one after the other, so that the order and the values stay the same.
        threads: With one, nothing is made ahead.
    """
    if threads < 2:
        yield from values
        return
    source = iter(values)
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as pool:
        waiting = pool.submit(next, source, _END)
        while (value := waiting.result()) is not _END:
            waiting = pool.submit(next, source, _END)
            yield value  # type: ignore[misc]  # next gives a T or _END
