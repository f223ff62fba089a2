"""What walls and air take at each lap of a reverberator, lows, mids and highs by their own times.

Jot and Chaigne, "Digital delay networks for designing artificial reverberators" (AES 90th
Convention, 1991): a line of d samples that is to decay by 60 dB in T seconds has a gain of
10^(-3 d / (T fs)). Here at three bands, split by one-pole filters that all lines share, so that one
call filters all of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mixmaster.arrays import Block
from mixmaster.dsp.recursion import line_filter

CONTROL_FRAMES = 64
"""How often a moving decay is worked out."""

_STRETCHES = 64
"""Stretches of a chunk that are filtered side by side."""

_SHIFT = 0.6
"""How far the poles make up for the shelves' shift. For one line that is 0.5, see `Absorption`; of
lines of unlike lengths the slowest outlast the others: by measured decays, that is worth 0.1."""

_FARTHEST = 3.0
"""How far a pole may move from where a shelf is to be, as a ratio."""

LN_1000 = math.log(1_000.0)
"""60 dB as a natural logarithm of amplitude."""


@dataclass(frozen=True, slots=True)
class Decay:
    """Reverberation times (T60), in seconds: numbers, or curves of one length.

    Attributes:
        low_s: Well below the low crossover.
        mid_s: Between the crossovers.
        high_s: Well above the high crossover.
    """

    low_s: float | Block
    mid_s: float | Block
    high_s: float | Block


class Absorption:
    """The filters of all lines: y = h x + (l - m) LOW(x) + (m - h) BELOW_HIGH(x).

    l, m and h are a line's gains at lows, mids and highs. The decay in dB per second at f is then
    m's, plus (l's - m's) / (1 + (f / low)^2), plus (h's - m's) times what 1 / (1 + (f / high)^2)
    lacks to 1: exactly while gains are near 1, and near enough otherwise, because the poles move to
    where the middle of the shelves stays. (A one-pole shelf from gain a to b is half way in dB at
    its pole's frequency times sqrt(a / b).)

    Args:
        delays: Of each line, frames.
        low_hz: Where the decay of lows is half way to that of mids.
        high_hz: Where that of highs is.
        sample_rate_hz: The rate.
        decay: The decay times; `Gliding` moves them.
    """

    def __init__(
        self,
        delays: Sequence[int],
        low_hz: float,
        high_hz: float,
        sample_rate_hz: int,
        decay: Decay,
    ) -> None:
        # What turns the inverse of a decay time into a gain's logarithm.
        self._lap = -LN_1000 * np.asarray(delays, dtype=np.float64) / sample_rate_hz
        self._corners_hz = low_hz, high_hz
        self._sample_rate_hz = sample_rate_hz
        self.gains = self.gains_at(decay)
        self._poles = self.poles_at(decay)
        self._stretches: _Stretches | None = None
        # Of both low-passes of each line: before the first stretch, then what each adds.
        self._states = np.zeros((2, len(delays), _STRETCHES + 1))

    def gains_at(self, decay: Decay) -> Block:
        """Return the gains of lows, mids and highs: ``(3, lines)``, or ``(3, lines, points)``."""
        times = [np.asarray(time) for time in (decay.low_s, decay.mid_s, decay.high_s)]
        return np.stack([np.exp(np.multiply.outer(self._lap, 1.0 / time)) for time in times])

    def poles_at(self, decay: Decay) -> Block:
        """Return the poles of both low-passes, ``(2,)`` or ``(2, points)``."""
        lap = float(np.mean(self._lap))
        low, mid, high = (np.asarray(t) for t in (decay.low_s, decay.mid_s, decay.high_s))
        moves = np.stack(
            np.broadcast_arrays(
                np.exp(_SHIFT * lap * (1.0 / mid - 1.0 / low)),
                np.exp(_SHIFT * lap * (1.0 / high - 1.0 / mid)),
            )
        )
        # A decay much shorter than a few laps has no shape left that could be kept.
        moves = np.clip(moves, 1.0 / _FARTHEST, _FARTHEST)
        corners = (moves.T * self._corners_hz).T
        top = 0.45 * self._sample_rate_hz
        warped = np.tan(np.pi / self._sample_rate_hz * np.minimum(corners, top))
        return np.asarray((1.0 - warped) / (1.0 + warped))

    def responses(self, decay: Decay, around: Block) -> Block:
        """Return each line's complex response, ``(lines, points of decay, frequencies)``.

        Args:
            decay: The decay times; a number counts as one point.
            around: Frequencies as angles, 0 to pi.
        """
        gains, poles = self.gains_at(decay), self.poles_at(decay)
        low, mid, high = gains.reshape(3, len(self._lap), -1, 1)
        turn = np.exp(-1j * around)
        passed = [
            0.5 * (1.0 - pole) * (1.0 + turn) / (1.0 - pole * turn)
            for pole in poles.reshape(2, -1, 1)
        ]
        return np.asarray(high + (low - mid) * passed[0] + (mid - high) * passed[1])

    def process(self, lines: Block) -> Block:
        """Return the lines with a lap's absorption, ``(lines, frames)``, a new array.

        In stretches, all at once: the response within a stretch and what comes over from before it
        are matrix products, and so are the filters' states from stretch to stretch. That is three
        times as fast as a recursion over the frames.
        """
        count, frames = lines.shape
        if self._stretches is None:
            self._stretches = _Stretches(self.gains, self._poles, frames // _STRETCHES)
        ways = self._stretches
        apart = lines.reshape(count, _STRETCHES, -1)
        ends = (apart.reshape(count * _STRETCHES, -1) @ ways.ends).reshape(count, _STRETCHES, 2)
        self._states[:, :, 1:] = ends.transpose(2, 0, 1)
        carried = self._states @ ways.onward
        self._states[:, :, 0] = carried[:, :, -1]
        out = apart @ ways.within
        out += np.ascontiguousarray(carried[:, :, :-1].transpose(1, 2, 0)) @ ways.over
        return out.reshape(count, frames)

    def clear(self) -> None:
        """Forget everything."""
        self._states[:] = 0.0


class _Stretches:
    """The matrices of one length of stretch.

    A one-pole low-pass k (1 + 1/z) / (1 - p/z) answers a click with k, and then k (1 + p) p^(n-1).
    Its state is the sum of all the past, each frame older weighted by another p.

    Args:
        gains: ``(3, lines)``.
        poles: ``(2,)``.
        frames: The length of a stretch.
    """

    def __init__(self, gains: Block, poles: Block, frames: int) -> None:
        low, mid, high = gains
        shares = np.stack([low - mid, mid - high])
        n = np.arange(frames)
        powers = poles[:, None] ** n
        scale = 0.5 * (1.0 - poles) * (1.0 + poles)
        clicks = np.empty((2, frames))
        clicks[:, 0] = 0.5 * (1.0 - poles)
        clicks[:, 1:] = scale[:, None] * powers[:, :-1]
        answer = shares.T @ clicks
        answer[:, 0] += high
        later = n[None, :] - n[:, None]
        self.within = np.where(later >= 0, answer[:, np.maximum(later, 0)], 0.0)
        self.over = np.ascontiguousarray(
            (shares[..., None] * scale[:, None, None] * powers[:, None]).transpose(1, 0, 2)
        )
        self.ends = np.ascontiguousarray(powers[:, ::-1].T)
        step = np.arange(_STRETCHES + 1)
        lag = step[None, :] - np.concatenate(([0], step[1:]))[:, None]
        whole = (poles**frames)[:, None, None]
        self.onward = np.where(lag >= 0, whole ** np.maximum(lag, 0), 0.0)


class GlidingAbsorption(Absorption):
    """The same with decay times that move, from point to point every ``CONTROL_FRAMES``.

    Gains run straight between points; poles step, which the filters' states make smooth. `glide`
    comes before each `process`.
    """

    _course: Block
    _begun = False

    def glide(self, decay: Decay) -> None:
        """Say where the next ``points x CONTROL_FRAMES`` frames lead: curves of ``(points,)``."""
        self._poles = self.poles_at(decay)
        points = self.gains_at(decay)
        self._course = straight(self.gains if self._begun else points[..., 0], points)
        self._begun = True
        self.gains = points[..., -1].copy()

    def process(self, lines: Block) -> Block:
        """Return the lines with a lap's absorption, ``(lines, frames)``, a new array."""
        past, last = self._states[0, :, :1], self._states[1, :, :2]
        sums = lines + np.concatenate((past, lines[:, :-1]), axis=1)
        passed = np.empty((2, *lines.shape))
        for point, start in enumerate(range(0, lines.shape[1], CONTROL_FRAMES)):
            here = slice(start, start + CONTROL_FRAMES)
            for band, pole in enumerate(self._poles[:, point]):
                # What a one-pole remembers is its last output times the pole.
                state = pole * last[:, band : band + 1]
                half = 0.5 * (1.0 - pole)
                b, a = np.array([half]), np.array([1.0, -pole])
                heard, _ = line_filter(b, a, sums[:, here], -1, state)
                passed[band, :, here] = heard
                last[:, band] = heard[:, -1]
        past[:, 0] = lines[:, -1]
        low, mid, high = self._course
        out: Block = high * lines
        out += (low - mid) * passed[0]
        out += (mid - high) * passed[1]
        return out


def straight(before: Block, points: Block) -> Block:
    """Return ``points``, ``(..., n)``, led up to in straight lines: ``(..., n CONTROL_FRAMES)``.

    Args:
        before: Where the first line begins, ``(...)``.
        points: What each line leads to.
    """
    starts = np.concatenate((before[..., None], points[..., :-1]), axis=-1)
    ramp = np.arange(1, CONTROL_FRAMES + 1) / CONTROL_FRAMES
    lines = starts[..., None] + (points - starts)[..., None] * ramp
    return np.ascontiguousarray(lines.reshape(*points.shape[:-1], -1))
