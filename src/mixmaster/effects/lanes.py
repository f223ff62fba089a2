"""Parts of a stereo signal that a band may work on: all, mid or side, left or right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from mixmaster.arrays import Block
from mixmaster.errors import Problem

Channels = Literal["stereo", "mid", "side", "left", "right"]

STEREO = 2


def misplaced(wanted: Sequence[Channels], channels: int) -> list[Problem]:
    """Return what is asked of a signal that it does not have; a mono signal is all mid.

    Args:
        wanted: What each band works on, in the document's order.
        channels: The signal's channels.
    """
    has: tuple[Channels, ...] = ("stereo", "mid") if channels == 1 else ("stereo",)
    return [
        Problem(
            f"bands.{number}.channels",
            f"a signal of {channels} channel{'s' * (channels > 1)} has no {part}",
            '"stereo", or a stereo strip or bus',
        )
        for number, part in enumerate(wanted, start=1)
        if channels != STEREO and part not in has
    ]


def mid_and_side(block: Block) -> tuple[Block, Block]:
    """Return half the sum and half the difference of two channels, each ``(1, frames)``."""
    return 0.5 * (block[:1] + block[1:]), 0.5 * (block[:1] - block[1:])


def left_and_right(mid: Block, side: Block) -> Block:
    """Return mid and side as two channels again, ``(2, frames)``."""
    return np.concatenate((mid + side, mid - side))


def lane_of(block: Block, part: Channels) -> Block:
    """Return a part of a block: ``(1, frames)``, or the very block for all of it.

    One channel is all mid.
    """
    if part == "stereo" or block.shape[0] != STEREO:
        return block
    left, right = block[:1], block[1:]
    match part:
        case "left":
            return left
        case "right":
            return right
        case "mid":
            return 0.5 * (left + right)
        case "side":
            return 0.5 * (left - right)


def with_lane(block: Block, part: Channels, before: Block, after: Block) -> Block:
    """Return ``block`` with a part of it changed; the very block if nothing has changed.

    Args:
        block: ``(channels, frames)``.
        part: Which.
        before: The part as it was.
        after: The part as it is to be; ``before`` itself if it stays.
    """
    if after is before:
        return block
    if part == "stereo" or block.shape[0] != STEREO:
        return after
    left, right = block[:1], block[1:]
    match part:
        case "left":
            return np.concatenate((after, right))
        case "right":
            return np.concatenate((left, after))
        case "mid":
            change = after - before
            return np.concatenate((left + change, right + change))
        case "side":
            change = after - before
            return np.concatenate((left + change, right - change))
