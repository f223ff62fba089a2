"""A release that follows the programme: short after hits, long where the sound is steady.

The crest factor tells one from the other: D. Giannoulis, M. Massberg and J. D. Reiss, "Parameter
Automation in a Dynamic Range Compressor", JAES 61(10), 2013, where

    p[n] = max(x^2[n], a p[n-1] + (1 - a) x^2[n])     m[n] = a m[n-1] + (1 - a) x^2[n]

are a peak and a mean with one time constant of 200 ms, C^2 = p/m is the crest factor squared, and
the release is in proportion to 2/C^2: a sine (C^2 = 2) gets the release that was set. Ours keeps
to that, within bounds, and leaves the attack alone.

p - m follows max(x^2 - m, a (p - m)), which is a running maximum: no loop over frames.
"""

from __future__ import annotations

import numpy as np

from mixmaster.arrays import Block
from mixmaster.dsp.envelopes import OnePole, ReleasePeak, rest_when_silent

CREST_MS = 200.0
"""The time constant of peak and mean (Giannoulis et al. 2013)."""

SHORTEST = 0.1
"""The shortest release, as a part of the one set; the crest factor of a sparse hit has no bound."""

QUICKEST_MS = 30.0
"""No release is made shorter than this: half a wave of 17 Hz, so that bass is not bent."""

LONGEST = 2.0
"""The longest, where the crest factor is 1."""


class AutoRelease:
    """Release times out of the crest factor.

    Args:
        release_steps: The time constant set, in steps.
        shortest_steps: The shortest time constant there may be.
        crest_steps: ``CREST_MS`` in steps.
        row_steps: Steps in each row.
    """

    def __init__(
        self, *, release_steps: float, shortest_steps: float, crest_steps: float, row_steps: int
    ) -> None:
        self._release = release_steps
        self._shortest = shortest_steps
        self._mean = OnePole(crest_steps, row_steps)
        self._above = ReleasePeak(crest_steps, row_steps)

    def process(self, peaks: Block, powers: Block) -> Block:
        """Return the release's time constant, in steps, ``(rows, row_steps)``.

        Args:
            peaks: The largest magnitude of each step.
            powers: The mean power of each step; written over.
        """
        silent: np.typing.NDArray[np.bool_] = np.asarray(powers.max(axis=1) == 0.0)
        mean = rest_when_silent(powers, self._mean, silent)
        above = np.square(peaks)
        above -= mean
        np.maximum(above, 0.0, out=above)
        above = self._above.process(above)
        # release 2/C^2 = 2 release m / (m + (p - m)); nothing heard yet counts as steady.
        above += mean
        ratio = np.divide(mean, above, out=np.full_like(mean, 0.5), where=above > 0.0)
        ratio *= 2.0 * self._release
        return np.clip(ratio, self._shortest, LONGEST * self._release, out=ratio)


def shortest_release(release_samples: float, sample_rate_hz: float) -> float:
    """Return the shortest release that ``AutoRelease`` may choose, in samples."""
    return max(
        SHORTEST * release_samples, min(release_samples, QUICKEST_MS * 1e-3 * sample_rate_hz)
    )
