"""Gates and expanders: when they are open, and the gain that follows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp.envelopes import VANISHED, OnePole, ReleasePeak

Frames = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_INAUDIBLE = 1e-7
"""A gain this near to 1, relatively, is 1, so that an open gate returns to the identity."""


class OpenFrames:
    """Tells at which frames a gate is open.

    It opens at a frame whose level reaches the opening threshold, and closes at the first frame
    that lies more than ``hold_samples`` after the last one whose level reached the closing
    threshold. So only the runs of frames over either threshold matter: runs over the closing
    one that lie no further apart than the hold are one passage, which is open from the first
    frame in it over the opening one.

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
        self._loud = -hold_samples - 2
        self._is_open = False

    def process(self, levels: Block, start_frame: int) -> Flags:
        """Return where the gate is open, ``(frames,)``.

        Args:
            levels: Amplitudes, ``(frames,)``.
            start_frame: The first one's number, counted from the session's zero.
        """
        frames = levels.shape[0]
        loud_first, loud_last = _runs(levels >= self._close_gain)
        # The past, as one run before the block.
        first = np.concatenate([[self._loud - start_frame], loud_first])
        last = np.concatenate([[self._loud - start_frame], loud_last])
        apart = np.flatnonzero(first[1:] - last[:-1] > self._hold + 1)
        begin = first[np.concatenate([[0], apart + 1])]
        end = last[np.concatenate([apart, [first.shape[0] - 1]])] + self._hold + 1
        if self._close_gain == self._open_gain:
            opening = loud_first
        else:
            opening, _ = _runs(levels >= self._open_gain)
        # The first opening of each passage; the sentinel lies beyond every passage.
        beyond = np.append(opening, end[-1])
        opened = beyond[np.searchsorted(opening, begin)]
        if self._is_open:
            opened[0] = begin[0]
        really = opened < end
        is_open = _painted(opened[really], end[really], frames)
        self._loud = int(last[-1]) + start_frame
        self._is_open = bool(really[-1])
        return is_open


def _runs(is_so: Flags) -> tuple[Frames, Frames]:
    """Return the first and the last index of every run of true values."""
    edges = np.flatnonzero(is_so[1:] != is_so[:-1]) + 1
    if is_so[0]:
        edges = np.concatenate([[0], edges])
    if is_so[-1]:
        edges = np.append(edges, is_so.shape[0])
    return edges[0::2], edges[1::2] - 1


def _painted(begin: Frames, end: Frames, frames: int) -> Flags:
    """Return flags, ``(frames,)``, true in every [begin, end); these are in order, apart."""
    edges = np.clip(np.stack([begin, end], axis=1).reshape(-1), 0, frames)
    lengths = np.diff(edges, prepend=0, append=frames)
    return np.repeat(np.arange(lengths.shape[0]) % 2 == 1, lengths)


class GateGain:
    """The gain of a gate or expander, frame by frame.

    The target is 1 while the gate is open, and (level / threshold)^(ratio - 1), at least the
    floor, while it is closed. Attack and release work on the linear gain, between floor and 1:
    each goes 63 % of the way in its time constant.

    Args:
        open_gain: The threshold at which it opens, as an amplitude.
        close_gain: The threshold under which it closes.
        ratio: Output dB per input dB under the threshold, more than 1.
        floor_gain: The lowest gain, less than 1 unless it moves.
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
        self._floor_level = open_gain * floor_gain ** (1.0 / self._exponent)
        self._release = ReleasePeak(release_samples, GRID_FRAMES)
        self._attack = OnePole(attack_samples, GRID_FRAMES)
        self._settled: float | None = 0.0
        # A row with one target is a sum of three answers: to ones, to a peak carried in, and
        # to what the attack stage remembers.
        nothing = np.zeros((1, GRID_FRAMES))
        release, attack = (
            ReleasePeak(release_samples, GRID_FRAMES),
            OnePole(attack_samples, GRID_FRAMES),
        )
        self._to_ones = attack.process(nothing + 1.0)[0]
        attack.last, release.carried = 0.0, 1.0
        self._to_carried = attack.process(release.process(nothing.copy()))[0]
        self._row_decay = release.carried
        attack.last = 1.0
        self._to_last = attack.process(nothing)[0]

    def process(self, rows: Block, start_frame: int, floors: Block | None = None) -> Block | float:
        """Return the gain, ``(frames,)``, or one number where it is the same throughout.

        Args:
            rows: Levels as amplitudes, ``(rows, 4096)``.
            start_frame: The first one's number, counted from the session's zero.
            floors: The lowest gain of each frame, of the same shape, where it moves.
        """
        floor_levels: Block | float = self._floor_level
        if floors is not None:
            floor_levels = self._open_gain * floors ** (1.0 / self._exponent)
        is_open = self._open.process(rows.reshape(-1), start_frame).reshape(rows.shape)
        wide: Flags = np.asarray(is_open.all(axis=1))
        shut: Flags = ~np.asarray(is_open.any(axis=1))
        if floors is None:
            shut &= np.asarray(rows.max(axis=1)) <= floor_levels
        else:
            shut &= np.asarray((rows <= floor_levels).all(axis=1))
        steady = [1.0 if wide[row] else 0.0 if shut[row] else None for row in range(rows.shape[0])]
        if self._settled is not None and all(target == self._settled for target in steady):
            if self._settled == 1.0:
                return 1.0
            if floors is None:
                return min(1.0, self._floor * (1.0 + _INAUDIBLE))
            return np.minimum(floors.reshape(-1) * (1.0 + _INAUDIBLE), 1.0)
        openness = np.empty_like(rows)
        row = 0
        while row < rows.shape[0]:
            first, target = row, steady[row]
            row += 1
            if target is not None:
                self._glide(target, openness[first])
                continue
            while row < rows.shape[0] and steady[row] is None:
                row += 1
            openness[first:row] = self._follow(
                rows[first:row],
                is_open[first:row],
                self._floor if floors is None else floors[first:row],
                floor_levels if isinstance(floor_levels, float) else floor_levels[first:row],
            )
            self._settled = None
        gains = openness.reshape(-1)
        floor = self._floor if floors is None else floors.reshape(-1)
        gains *= 1.0 - floor
        gains += floor
        gains *= 1.0 + _INAUDIBLE
        return np.minimum(gains, 1.0, out=gains)

    def _follow(
        self, levels: Block, is_open: Flags, floor: Block | float, floor_level: Block | float
    ) -> Block:
        """Return how far the gate is open, 0 to 1, after attack and release."""
        targets = is_open.astype(np.float64)
        between = levels > floor_level
        between &= ~is_open
        inside = levels[between]
        if inside.shape[0]:
            gains = np.exp2(self._exponent * np.log2(inside / self._open_gain))
            # A level above the floor's own says that the floor is less than 1.
            lowest = floor if isinstance(floor, float) else floor[between]
            targets[between] = np.clip((gains - lowest) / (1.0 - lowest), 0.0, 1.0)
        return self._attack.process(self._release.process(targets))

    def _glide(self, target: float, openness: Block) -> None:
        """Fill a row that has one target, ``(4096,)``, and rest there once all but there."""
        if target == self._settled:
            openness[:] = target
            return
        np.multiply(self._to_last, self._attack.last, out=openness)
        if target == 1.0:
            openness += self._to_ones
            self._release.carried = 1.0
        else:
            openness += self._to_carried * self._release.carried
            self._release.carried *= self._row_decay
        self._attack.last = float(openness[-1])
        farthest = max(abs(self._attack.last - target), abs(self._release.carried - target))
        if farthest < VANISHED:
            self._settled = self._attack.last = self._release.carried = target
        else:
            self._settled = None
