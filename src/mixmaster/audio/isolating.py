"""Whether decoders run in processes of their own: the switch, for this process and its children."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Final

VARIABLE: Final = "MIXMASTER_ISOLATE"
"""The environment's word for it: 1 isolates. Processes that are started meanwhile inherit it."""


@contextlib.contextmanager
def isolated() -> Iterator[None]:
    """Decode every file in a process of its own while the context lasts.

    Raises:
        HeaderError: On systems without ``fork``, when a file is opened.
    """
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = "1"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(VARIABLE, None)
        else:
            os.environ[VARIABLE] = before


def is_isolated() -> bool:
    """Return whether files are to be decoded in processes of their own."""
    return os.environ.get(VARIABLE, "") not in {"", "0"}
