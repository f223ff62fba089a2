"""The shape of audio everywhere: aliases, and the grid that blocks lie on.

A block is float64, C-contiguous, ``(channels, frames)``. Blocks normally have
``BLOCK_FRAMES`` frames; every block but a signal's last is a multiple of ``GRID_FRAMES``,
counted from the session's zero, so that results do not depend on the block size.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Block = npt.NDArray[np.float64]
"""Audio, ``(channels, frames)``, or a curve, ``(frames,)``."""

Block32 = npt.NDArray[np.float32]
"""The same in single precision, where a room says that it is enough."""

GRID_FRAMES = 4_096
BLOCK_FRAMES = 65_536


def zeros(channels: int, frames: int) -> Block:
    """Return silence, ``(channels, frames)``."""
    return np.zeros((channels, frames), dtype=np.float64)
