"""The limiter of a player that turns quiet masters up, as far as its maker tells.

Told is a ceiling in sample values, an attack and a release (Spotify: -1 dB, 5 ms, 100 ms). The
simplest device of which that is true is the feed-forward one of Giannoulis, Massberg and Reiss,
"Digital Dynamic Range Compressor Design", JAES 60(6), 2012: the gain computer, of infinite ratio
and without a knee, sees the larger channel; what it asks for, in dB, passes the decoupled peak
detector (equation 17); both channels get the same gain. It looks at nothing ahead, so peaks shorter
than the attack pass its ceiling, as they would there.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from mixmaster.arrays import Block
from mixmaster.dsp.envelopes import OnePole, ReleasePeak
from mixmaster.units import db_to_gain, gain_to_db, ms_to_samples

_ROW: Final = 1_024
_SHORT_ROW: Final = 64
_MOST_TIMES: Final = 600.0  # steps of a row for each of the release's: see ReleasePeak


class PlayerLimiter:
    """The limiter, streaming.

    Args:
        sample_rate_hz: The rate.
        ceiling_dbfs: Where it limits, sample values.
        attack_ms: The time constant of its attack.
        release_ms: The time constant of its release.
    """

    def __init__(
        self, sample_rate_hz: int, ceiling_dbfs: float, attack_ms: float, release_ms: float
    ) -> None:
        release = ms_to_samples(release_ms, sample_rate_hz)
        self._row = _ROW if release * _MOST_TIMES >= _ROW else _SHORT_ROW
        self._ceiling = db_to_gain(ceiling_dbfs)
        self.ceiling_dbfs = ceiling_dbfs
        self._release = ReleasePeak(release, self._row)
        self._attack = OnePole(ms_to_samples(attack_ms, sample_rate_hz), self._row)
        self.max_db = 0.0
        """The largest reduction so far."""

    def process(self, block: Block) -> Block:
        """Return the limited block, ``(channels, frames)``; not late.

        Every block but the last has a multiple of 4,096 frames.
        """
        frames = block.shape[1]
        if not frames:
            return block
        loudest = np.abs(block).max(axis=0)
        resting = self._release.carried == 0.0 and self._attack.last == 0.0
        if resting and float(loudest.max()) <= self._ceiling:
            return block
        levels = np.pad(loudest, (0, -frames % self._row))
        wanted = np.maximum(gain_to_db(levels) - self.ceiling_dbfs, 0.0)
        released = self._release.process(wanted.reshape(-1, self._row))
        reduction = self._attack.process(released).reshape(-1)[:frames]
        if abs(self._attack.last) < 1e-9 and self._release.carried == 0.0:
            self._attack.last = 0.0
        self.max_db = max(self.max_db, float(reduction.max()))
        return block * db_to_gain(-reduction)
