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
