"""Work on several recordings side by side; an error or a signal stops all of it at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import TypeVar

from mixmaster.engine.threads import default_threads
from mixmaster.mastering.options import Progress

T = TypeVar("T")
R = TypeVar("R")


class Together:
    """As many at a time as there are threads, the results in order.

    Args:
        threads: How many may work; as many as there are processors if None. No byte depends on it.
        progress: Told what is being done, and how much of all is: from one thread at a time.
    """

    def __init__(self, threads: int | None, progress: Progress) -> None:
        self.threads = threads or default_threads()
        self._progress = progress
        self._lock = threading.Lock()
        self._stopped = False

    def each(self, what: str, items: Iterable[T], work: Callable[[T, int, Tell], R]) -> list[R]:
        """Return what ``work`` makes of each item.

        Args:
            what: What is being done.
            items: What it is done to.
            work: Takes the item, how many threads it may use itself, and whom to tell how much of
                it is done, 0 to 1; it must tell that often, for so it is stopped.
        """
        listed = list(items)
        if not listed:
            return []
        workers = min(self.threads, len(listed))
        inner = max(1, self.threads // workers)
        shares = [0.0] * len(listed)

        def run(place: int) -> R:
            def tell(done: float) -> None:
                if self._stopped:
                    raise CancelledError
                with self._lock:
                    shares[place] = max(shares[place], min(1.0, done))
                    self._progress(what, sum(shares) / len(shares))

            tell(0.0)
            found = work(listed[place], inner, tell)
            tell(1.0)
            return found

        pool = ThreadPoolExecutor(workers, thread_name_prefix="release")
        try:
            return list(pool.map(run, range(len(listed))))
        except BaseException:
            self._stopped = True
            raise
        finally:
            pool.shutdown(cancel_futures=True)


Tell = Callable[[float], None]
"""Told how much of one item is done, 0 to 1."""
