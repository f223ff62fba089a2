"""How far versions are apart: the level of every pair's difference, in one pass over all files."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block
from mixmaster.audio.source import open_source
from mixmaster.engine.threads import one_blas_thread
from mixmaster.pages.ab.data import AbPair
from mixmaster.units import power_to_db

_BLOCK_FRAMES: Final = 16_384  # of every version at a time: 30 take 8 MB
_EXACTLY_BELOW: Final = 1e-7
"""Where a difference has less of the power than this, it is summed sample by sample: taken from
products it would drown in their rounding."""

_LSB_POWER: Final = 2.0**-46


def difference_powers(
    files: Sequence[Path], signs: Sequence[float], threads: int
) -> tuple[npt.NDArray[np.float64], int]:
    """Return the sums of squares of all differences, and how many samples were summed.

    Args:
        files: Of one rate, length and number of channels.
        signs: -1 for those that are upside down.
        threads: For decoding.

    Returns:
        ``(files, files)``: element i, j is the sum of (s_i x_i - s_j x_j) squared; on the
        diagonal that of x_i squared.
    """
    count = len(files)
    total = np.zeros((count, count))
    samples = 0
    with ExitStack() as stack:
        stack.enter_context(one_blas_thread())
        sources = [stack.enter_context(open_source(path)) for path in files]
        pool = stack.enter_context(ThreadPoolExecutor(threads, thread_name_prefix="differences"))

        def read(index: int) -> Block:
            return sources[index].read(_BLOCK_FRAMES).ravel() * signs[index]

        while True:
            rows = np.stack(list(pool.map(read, range(count))))
            if not rows.shape[1]:
                return total, samples
            samples += rows.shape[1]
            total += _powers(rows)


def _powers(rows: Block) -> Block:
    products = rows @ rows.T
    own = products.diagonal().copy()
    both = own[:, np.newaxis] + own[np.newaxis, :]
    apart = np.maximum(both - 2.0 * products, 0.0)
    for i, j in np.argwhere(np.triu(apart < _EXACTLY_BELOW * both, 1)).tolist():
        difference = rows[i] - rows[j]
        apart[i, j] = apart[j, i] = difference @ difference
    np.fill_diagonal(apart, own)
    return np.asarray(apart)


def pairs_of(
    ids: Sequence[str], powers: npt.NDArray[np.float64], samples: int
) -> tuple[AbPair, ...]:
    """Return every pair of versions, the first one's pairs first.

    Args:
        ids: The versions'.
        powers: Of ``difference_powers``.
        samples: Likewise.
    """
    pairs = []
    for i, first in enumerate(ids):
        for j in range(i + 1, len(ids)):
            apart = float(powers[i, j])
            mean = float(powers[i, i] + powers[j, j]) / 2.0
            # Samples are whole steps of 24 bits: less than one step in all is nothing.
            identical = apart < _LSB_POWER / 2.0
            pairs.append(
                AbPair(
                    first=first,
                    second=ids[j],
                    identical=identical,
                    difference_db=None if identical else power_to_db(apart / mean),
                    difference_dbfs=None if identical else power_to_db(apart / samples),
                )
            )
    return tuple(pairs)
