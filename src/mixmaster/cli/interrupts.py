"""Signals: the first one stops the work, so that nothing half-written is left."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


@dataclass(slots=True)
class Interrupts:
    """What was received.

    Attributes:
        number: The first signal's number; None before it.
    """

    number: int | None = None


@contextmanager
def interruptible(*, to_the_end: bool = False) -> Iterator[Interrupts]:
    """Turn Ctrl-C, SIGTERM and a closed terminal into one ``KeyboardInterrupt``.

    What follows the first signal is ignored: cleaning up takes a moment, and an impatient second
    Ctrl-C must not cut it short. A signal that was ignored from the start, as by ``nohup``, stays
    so.

    Args:
        to_the_end: The process ends after this: what follows a first signal stays ignored, for
            the interpreter takes a moment to leave, too, and the status must be the first one's.
    """
    seen = Interrupts()

    def handle(number: int, frame: FrameType | None) -> None:
        del frame
        if seen.number is None:
            seen.number = number
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # only it may set handlers
        yield seen
        return
    before = {}
    for name in _NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, handle)
    try:
        yield seen
    finally:
        ended = to_the_end and seen.number is not None
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if ended else handler)
