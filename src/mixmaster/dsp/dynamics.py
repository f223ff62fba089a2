"""What compressors, gates and expanders share: levels in pools of frames, gains out of them.

All channels share one level and one gain, so the stereo image never moves.
"""

from __future__ import annotations

import math

import numpy as np

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.errors import SignalError

POOL_TOLERANCE_DB = 0.1
"""How far a gain from pools may be from the one computed frame by frame."""

HOTTEST_DBFS = 6.0
"""The peak level, in dBFS, up to which the tolerance is promised."""

DETECTOR_STEP_MS = 0.2
"""How finely detectors look that are no faster than 1 ms: 8 frames at 48 kHz. A gain that jumps
is drawn over two such steps."""


def pool_frames(
    *, attack_samples: float, release_samples: float, reduction_db: float, rms_samples: float
) -> int:
    """Return how many frames may share one level: a power of two, 1 to 4,096.

    At most a hundredth of the attack, and so few that the gain stays within
    ``POOL_TOLERANCE_DB`` of the exact one. A jump of c dB somewhere in a pool of k frames is
    placed up to (k - 1)/2 frames wrong, which the attack stage turns into c (k - 1)/(2 attack)
    dB; it can happen again once the release has fallen, attack/release times within the
    attack's memory; and a peak is held up to k - 1 frames too long, c (k - 1)/release dB. An
    RMS level falls 10 log10(e)/rms dB a frame inside the pool.

    Args:
        attack_samples: The attack's time constant.
        release_samples: The release's time constant.
        reduction_db: The largest reduction to expect.
        rms_samples: The time constant of the RMS level; 0 for a peak level.
    """
    if not attack_samples >= 100.0:
        return 1
    error_db = reduction_db * (0.5 / attack_samples + 1.5 / release_samples)
    if rms_samples > 0.0:
        error_db += 2.0 * 10.0 * math.log10(math.e) / rms_samples
    frames = attack_samples / 100.0
    if error_db > 0.0:
        frames = min(frames, 1.0 + POOL_TOLERANCE_DB / error_db)
    return int(min(2.0 ** math.floor(math.log2(frames)), GRID_FRAMES))


def linked_peaks(key: Block, pool: int) -> Block:
    """Return the largest magnitude of each pool over all channels, ``(rows, steps)``.

    A row is a stretch of the 4,096 grid; one that the block does not fill goes on with zeros.

    Args:
        key: ``(channels, frames)``, starting on the grid.
        pool: Frames in a pool; a power of two that divides 4,096.
    """
    peaks: Block = np.abs(key[0])
    for channel in key[1:]:
        np.maximum(peaks, np.abs(channel), out=peaks)
    peaks = _padded(peaks)
    left = pool
    while left > 1:
        stride = min(left, 4)
        pooled: Block = np.maximum(peaks[0::stride], peaks[1::stride])
        for frame in range(2, stride):
            np.maximum(pooled, peaks[frame::stride], out=pooled)
        peaks = pooled
        left //= stride
    return peaks.reshape(-1, GRID_FRAMES // pool)


def linked_powers(key: Block, pool: int) -> Block:
    """Return the mean power of each pool over its frames and all channels, ``(rows, steps)``.

    The mean over channels makes a mono signal on two channels read as it does on one.

    Args:
        key: ``(channels, frames)``, starting on the grid.
        pool: Frames in a pool; a power of two that divides 4,096.
    """
    with np.errstate(over="ignore"):  # infinity is refused by those who read the levels
        powers = np.square(key[0])
        for channel in key[1:]:
            powers += np.square(channel)
    powers = _padded(powers)
    left = pool
    while left > 1:
        powers = powers[0::2] + powers[1::2]
        left //= 2
    powers *= 1.0 / (pool * key.shape[0])
    return powers.reshape(-1, GRID_FRAMES // pool)


class PoolRamp:
    """Turns one value a pool into one a frame.

    Pools know that their largest level occurred, but not at which of their k frames. A smoothed
    response to it, read at the pool's end, is on average (k - 1)/2 frames early; so is that to
    a straight rise from pool to pool. Moving the values by so much, with weights (k + 1)/2k on
    the new one and (k - 1)/2k on the one before, leaves an error without bias. Between pools the
    line is straight. Where values stay equal, so do all frames, to the bit; one frame a pool
    is the values themselves.

    Args:
        pool: Frames in a pool.
        resting: The value before the first.
    """

    def __init__(self, pool: int, resting: float) -> None:
        self._pool = pool
        part = np.arange(1, pool + 1) / pool
        newer = (pool + 1) / (2 * pool)
        # On the last value, the rise to this one, and the rise before.
        self._weights = np.stack([np.ones(pool), part * newer, (part - 1.0) * (1.0 - newer)])
        self._resting = resting
        self._past = (resting, resting)

    @property
    def at_rest(self) -> bool:
        """Whether the value has been the resting one of late."""
        return self._past == (self._resting, self._resting)

    def rest(self) -> None:
        """Forget the past: the value has been the resting one."""
        self._past = (self._resting, self._resting)

    def process(self, rows: Block, frames: int) -> Block:
        """Return a value a frame, ``(frames,)``.

        Args:
            rows: Values, ``(rows, steps)``, a row being a stretch of the 4,096 grid.
            frames: How many frames to return, at most those of the rows.
        """
        values = rows.reshape(-1)
        if self._pool == 1:
            return values[:frames]
        earlier = np.empty(values.shape[0] + 1)
        earlier[:2] = self._past
        earlier[2:] = values[:-1]
        rise = np.empty_like(earlier)
        np.subtract(earlier[1:], earlier[:-1], out=rise[:-1])
        rise[-1] = values[-1] - earlier[-1]
        self._past = (float(earlier[-1]), float(values[-1]))
        parts = np.empty((rows.shape[0], 3, rows.shape[1]))
        parts[:, 0] = earlier[1:].reshape(rows.shape)
        parts[:, 1] = rise[1:].reshape(rows.shape)
        parts[:, 2] = rise[:-1].reshape(rows.shape)
        # One product a row: another shape would round differently.
        line = parts.transpose(0, 2, 1) @ self._weights
        return np.asarray(line).reshape(-1)[:frames]


def _padded(values: Block) -> Block:
    """Return ``(frames,)`` with zeros up to the next mark of the grid."""
    missing = -values.shape[0] % GRID_FRAMES
    return np.concatenate([values, np.zeros(missing)]) if missing else values


def refuse_non_finite(key: Block, *, where: str, start_frame: int, sample_rate_hz: int) -> None:
    """Raise for a key that a detector cannot follow.

    Raises:
        SignalError: Naming ``where`` and the time of the first NaN or infinity, or of the
            first level too large to be squared.
    """
    finite = np.isfinite(key).all(axis=0)
    frame = 0 if finite.all() else int(np.argmin(finite))
    raise SignalError(
        where,
        "the detector was given NaN, infinity or a level beyond all numbers",
        (start_frame + frame) / sample_rate_hz,
        "look for what comes before it in the chain",
    )


def detector_pool(sample_rate_hz: int) -> int:
    """Return how many frames may share one level where nothing is faster than 1 ms.

    A power of two, at most ``DETECTOR_STEP_MS`` long.
    """
    return int(2.0 ** math.floor(math.log2(max(1.0, DETECTOR_STEP_MS * 1e-3 * sample_rate_hz))))


def pool_values(values: Block, pool: int) -> Block:
    """Return what a curve is at the head of each pool, ``(rows, steps)``.

    Args:
        values: One value a frame, ``(frames,)``, starting on the grid; the last one holds to
            the end of its row.
        pool: Frames in a pool.
    """
    heads = values[::pool]
    steps = GRID_FRAMES // pool
    missing = -heads.shape[0] % steps
    if missing:
        heads = np.concatenate([heads, np.full(missing, heads[-1])])
    return heads.reshape(-1, steps)
