"""Threads: ours share work whose result does not depend on them; BLAS keeps to one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


def default_threads() -> int:
    """Return how many processors this process may use."""
    return os.process_cpu_count() if hasattr(os, "process_cpu_count") else _affinity()


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep BLAS to one thread: the bytes of its products depend on the number of threads."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    del np  # imported so that its BLAS is loaded, and limited
    with threadpool_limits(1, user_api="blas"):
        yield


_LARGEST_KEPT_BYTES = 31 << 20


def keep_freed_memory() -> None:
    """Keep glibc from handing every freed block back to the system, to fault it in again.

    glibc maps large blocks afresh each time, until it sees one freed: then it keeps blocks of
    up to that size for reuse (mallopt(3), M_MMAP_THRESHOLD, dynamic up to 32 MiB). Halves the
    time of measuring, and takes some 5 % off mixing for 10 MB. Nothing is touched here.
    """
    import numpy as np

    np.empty(_LARGEST_KEPT_BYTES, dtype=np.uint8)
