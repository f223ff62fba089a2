"""The gate that no NaN and no infinity passes: at every input and before every encoder."""

from __future__ import annotations

import numpy as np

from mixmaster.arrays import Block
from mixmaster.errors import SignalError


def check_finite(block: Block, where: str, start_frame: int, sample_rate_hz: int) -> None:
    """Raise unless every sample of a block is a finite number.

    Args:
        block: ``(channels, frames)``.
        where: The stage to name.
        start_frame: The block's first frame, from the signal's zero.
        sample_rate_hz: The rate, for the time.

    Raises:
        SignalError: Naming the stage, what was found, and when.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(block.sum()):  # one pass; a sum hides neither NaN nor infinity
            return
    bad = ~np.isfinite(block)
    if not bad.any():
        return  # finite, but so large that the sum was not
    frame = int(np.flatnonzero(bad.any(axis=0))[0])
    found = "NaN" if np.isnan(block[:, frame]).any() else "infinity"
    raise SignalError(
        where,
        f"{found} in the signal",
        (start_frame + frame) / sample_rate_hz,
        "render the file again; nothing after such a sample can be trusted",
    )
