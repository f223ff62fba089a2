"""Gates and expanders: when they are open, and the gain that follows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp.envelopes import OnePole, ReleasePeak

Frames = npt.NDArray[np.int64]

_INAUDIBLE = 1e-7
"""A gain this near to 1, relatively, is 1, so that an open gate returns to the identity."""


class OpenFrames:
    """Tells at which frames a gate is open.

    It opens at a frame whose level reaches the opening threshold, and closes at the first frame
    that lies more than ``hold_samples`` after the last one whose level reached the closing
    threshold. Both questions are about the latest frame of a kind, which a running maximum over
    frame numbers answers: no state machine has to be stepped.

    Args:
        open_gain: The opening threshold, as an amplitude.
        close_gain: The closing threshold, not above the other.
        hold_samples: How long it stays open under the closing threshold.
    """

    def __init__(self, *, open_gain: float, close_gain: float, hold_samples: int) -> None:
        assert close_gain <= open_gain
        self._open_gain = open_gain
        self._close_gain = close_gain
        self._hold = hold_samples
        # Never loud, never opened, closed before anything happened.
        self._loud = -(1 << 62)
        self._opened = -2
        self._closed = -1

    def process(self, levels: Block, start_frame: int) -> npt.NDArray[np.bool_]:
        """Return where the gate is open, ``(frames,)``.

        Args:
            levels: Amplitudes, ``(frames,)``.
            start_frame: The first one's number, counted from the session's zero.
        """
        numbers = np.arange(start_frame, start_frame + levels.shape[0], dtype=np.int64)
        loud = self._latest(levels >= self._close_gain, numbers, self._loud)
        opened = self._latest(levels >= self._open_gain, numbers, self._opened)
        closed = self._latest(numbers - loud > self._hold, numbers, self._closed)
        self._loud, self._opened, self._closed = int(loud[-1]), int(opened[-1]), int(closed[-1])
        return np.asarray(opened > closed)

    @staticmethod
    def _latest(is_so: npt.NDArray[np.bool_], numbers: Frames, before: int) -> Frames:
        """Return the latest frame up to each one at which ``is_so``."""
        events = np.where(is_so, numbers, before)
        return np.asarray(np.maximum.accumulate(events))


class GateGain:
    """The gain of a gate or expander, frame by frame.

    The target is 1 while the gate is open, and (level / threshold)^(ratio - 1), at least the
    floor, while it is closed. Attack and release work on the linear gain: opening goes 63 % of
    the way in the attack's time constant, closing falls by 8.7 dB (to 1/e) in the release's.

    Args:
        open_gain: The threshold at which it opens, as an amplitude.
        close_gain: The threshold under which it closes.
        ratio: Output dB per input dB under the threshold.
        floor_gain: The lowest gain.
        attack_samples: The time constant of opening.
        hold_samples: How long it stays open under the closing threshold.
        release_samples: The time constant of closing.
    """

    def __init__(
        self,
        *,
        open_gain: float,
        close_gain: float,
        ratio: float,
        floor_gain: float,
        attack_samples: float,
        hold_samples: int,
        release_samples: float,
    ) -> None:
        self._open_gain = open_gain
        self._exponent = ratio - 1.0
        self._floor = floor_gain
        self._open = OpenFrames(
            open_gain=open_gain, close_gain=close_gain, hold_samples=hold_samples
        )
        # Under this level the curve has reached the floor.
        self._floor_level = open_gain * floor_gain ** (1.0 / self._exponent)
        self._release = ReleasePeak(release_samples, GRID_FRAMES, resting=floor_gain)
        self._attack = OnePole(attack_samples)
        self._attack.settle(floor_gain)

    def process(self, rows: Block, start_frame: int) -> Block | None:
        """Return the gain, ``(frames,)``; None where it is exactly 1 throughout.

        Args:
            rows: Levels as amplitudes, ``(rows, 4096)``; writes over them.
            start_frame: The first one's number, counted from the session's zero.
        """
        levels = rows.reshape(-1)
        is_open = self._open.process(levels, start_frame)
        targets = self._curve(levels)
        targets[is_open] = 1.0
        released = self._release.process(targets.reshape(rows.shape))
        gains = self._attack.process(released).reshape(-1)
        gains *= 1.0 + _INAUDIBLE
        np.minimum(gains, 1.0, out=gains)
        return None if float(gains.min()) == 1.0 else gains

    def _curve(self, levels: Block) -> Block:
        """Return the gain of a closed gate at each level, writing over ``levels``."""
        np.maximum(levels, self._floor_level, out=levels)
        levels *= 1.0 / self._open_gain
        np.log2(levels, out=levels)
        levels *= self._exponent
        np.exp2(levels, out=levels)
        # Between the thresholds a closed gate may not turn up; the floor is met exactly.
        return np.clip(levels, self._floor, 1.0, out=levels)


class DelayLine:
    """A delay by whole frames.

    Args:
        channels: Channels of every block.
        frames: The delay; 0 returns the very block.
    """

    def __init__(self, channels: int, frames: int) -> None:
        self._past = np.zeros((channels, frames))

    def process(self, block: Block) -> Block:
        """Return the delayed block, ``(channels, frames)``."""
        if self._past.shape[1] == 0:
            return block
        both = np.concatenate([self._past, block], axis=1)
        self._past = both[:, block.shape[1] :].copy()
        return np.ascontiguousarray(both[:, : block.shape[1]])
