"""Second-order sections whose coefficients move while they run.

A section is turned into a state-variable filter of the same transfer function: trapezoidal
integrators with g the (warped) frequency and k the damping, and as gains of its three outputs the
response at 0 Hz, in the middle and at the Nyquist frequency (V. Zavalishin, "The Art of VA Filter
Design", 2012). These figures may change from frame to frame: the filter stays stable and its states
keep their meaning, which those of a direct form do not (A. Wishnick, "Time-Varying Filters for
Musical Applications", DAFx 2014).

Sections are given at the end of every 64 frames, counted from the session's zero. The figures move
frame by frame, on the quadratic B-spline of these: 32 frames late, but without the corners of
straight lines, whose images at multiples of the rate of sections would be heard as a fine buzz
(-90 dB where a q sweeps fast; of the spline nothing is left above -120 dB).

A stretch of the 4,096 grid in which nothing moves is left to plain second-order sections, several
times as fast: one for the output and one for the band-pass, whose state tells that of the moving
filter when it is needed again.

The recursion runs over the 64 frames with all such stretches of a block side by side, first from
rest, together with what each makes of a state of 1; then the stretches are joined and run once more
from their true states.
"""

from __future__ import annotations

from itertools import groupby

import numpy as np

from mixmaster.arrays import GRID_FRAMES, Block, zeros
from mixmaster.dsp.sos import SosFilter

STEP_FRAMES = 64
"""How far apart the given sections stand."""

_STEPS_A_CELL = GRID_FRAMES // STEP_FRAMES
_VANISHED = 1e-30
"""States below this at a mark of the 4,096 grid are none: no denormals."""


class SweptSection:
    """One section that moves.

    Args:
        channels: Channels of every block.
        start: The section it starts from, ``(6,)``, b0 b1 b2 a0 a1 a2 with a0 = 1.
    """

    def __init__(self, channels: int, start: Block) -> None:
        self._rows = np.stack((start, start))
        self._state = np.zeros((2, channels))
        self._standing: _Standing | None = None

    def process(self, block: Block, sections: Block) -> Block:
        """Return the filtered block, ``(channels, frames)``.

        Args:
            block: Starting on the 4,096 grid.
            sections: Where each 64 frames of the block end, ``(steps, 6)``.
        """
        frames, steps = block.shape[1], sections.shape[0]
        if not frames:
            return block.copy()
        assert steps == -(-frames // STEP_FRAMES)
        rows = np.concatenate((self._rows, sections))
        self._rows = rows[-2:].copy()
        moves = (rows[1:] != rows[:-1]).any(axis=1)
        # Each step depends on its own row and the two before it.
        cells = [
            bool(moves[at : at + _STEPS_A_CELL + 1].any()) for at in range(0, steps, _STEPS_A_CELL)
        ]
        out = np.empty_like(block)
        first = 0
        for moving, run in groupby(cells):
            last = first + len(list(run))
            here = slice(first * GRID_FRAMES, last * GRID_FRAMES)
            of_run = rows[first * _STEPS_A_CELL : last * _STEPS_A_CELL + 2]
            out[:, here] = (self._swept if moving else self._still)(block[:, here], of_run)
            first = last
        return out

    def _still(self, block: Block, rows: Block) -> Block:
        """Return a stretch in which nothing moves."""
        if self._standing is None:
            self._standing = _Standing(rows[0], self._state)
        return self._standing.process(block)

    def _swept(self, block: Block, rows: Block) -> Block:
        """Return a stretch that moves; ``rows`` begin with the two before it."""
        if self._standing is not None:
            self._state = self._standing.state()
            self._standing = None
        channels, frames = block.shape
        steps = rows.shape[0] - 2
        padded = zeros(channels, steps * STEP_FRAMES)
        padded[:, :frames] = block
        # (frame within its step, channel, step): rows that follow one another lie together.
        heard = np.ascontiguousarray(
            padded.reshape(channels, steps, STEP_FRAMES).transpose(2, 0, 1)
        )
        motion = _Motion(_splined(_figures(rows)))
        own, memory = motion.ends(heard)
        motion.run(heard, self._joined(own, memory))
        return heard.transpose(1, 2, 0).reshape(channels, -1)[:, :frames]

    def _joined(self, own: Block, memory: Block) -> Block:
        """Return the state before each step, ``(2, channels, steps)``.

        Args:
            own: The state after each step, started from rest, ``(2, channels, steps)``.
            memory: What becomes of states of (1, 0) and (0, 1), ``(2, 2, steps)``.
        """
        starts = np.empty_like(own)
        rows = memory.reshape(4, -1).T.tolist()
        for channel in range(own.shape[1]):
            first, second = self._state[:, channel].tolist()
            before = []
            for step, ((m11, m12, m21, m22), (e1, e2)) in enumerate(
                zip(rows, own[:, channel].T.tolist(), strict=True)
            ):
                if step % _STEPS_A_CELL == 0 and abs(first) + abs(second) < _VANISHED:
                    first = second = 0.0
                before.append((first, second))
                first, second = (
                    e1 + m11 * first + m12 * second,
                    e2 + m21 * first + m22 * second,
                )
            starts[:, channel] = np.array(before).T
            self._state[:, channel] = first, second
        return starts


class _Standing:
    """A section that stands still, in direct form, and the way to it and back.

    A direct form's states are what it would put out next from silence, so they follow from the
    state-variable filter's; back they follow from the band-pass, which, unlike the output,
    depends on both states whatever the gains.

    Args:
        row: The section, ``(6,)``.
        state: The state-variable filter's, ``(2, channels)``.
    """

    def __init__(self, row: Block, state: Block) -> None:
        g, k, high, band, low = _figures(row[None])[:, 0].tolist()
        n = 1.0 + g * (g + k)
        a1, a2, a3 = 1.0 / n, g / n, g * g / n
        onward = np.array([[2.0 * a1 - 1.0, -2.0 * a2], [2.0 * a2, 1.0 - 2.0 * a3]])
        v1, v2 = np.array([a1, -a2]), np.array([a2, 1.0 - a3])
        heard = (band - k * high) * v1 + (low - high) * v2
        tilt = np.array([[1.0, 0.0], [row[4], 1.0]])  # y[n + 1] = z1 - a1 y[n]
        outward = tilt @ np.stack((heard, heard @ onward))
        self._memory = tilt @ np.stack((v1, v1 @ onward))
        band_pass = np.concatenate((np.array([a2, 0.0, -a2]), row[3:]))
        self._filters = []
        for sos, into in ((row, outward), (band_pass, self._memory)):
            start = np.ascontiguousarray(_times(into, state).T[None])
            self._filters.append(SosFilter(sos[None], state.shape[1], start))

    def process(self, block: Block) -> Block:
        """Return the filtered block, ``(channels, frames)``."""
        heard, memory = self._filters
        memory.process(block)
        return heard.process(block)

    def state(self) -> Block:
        """Return the state of the state-variable filter, ``(2, channels)``."""
        (a, b), (c, d) = self._memory
        back = np.array([[d, -b], [-c, a]]) / (a * d - b * c)
        return _times(back, self._filters[1].state[0].T)


class _Motion:
    """The recursion of a state-variable filter, step by step side by side.

    With a1 = 1 / (1 + g (g + k)), a2 = g a1, a3 = g a2 and the states p, q:

        v1 = a1 p + a2 (x - q)                  p' = 2 v1 - p
        v2 = q + a2 p + a3 (x - q)              q' = 2 v2 - q

    and v1 is the band-pass, v2 the low-pass, x - k v1 - v2 the high-pass.

    Args:
        figures: g, k and the gains of high-, band- and low-pass, ``(5, 64, steps)``.
    """

    def __init__(self, figures: Block) -> None:
        g, k, high, band, low = figures
        self._a1 = 1.0 / (1.0 + g * (g + k))
        self._a2 = g * self._a1
        self._a3 = g * self._a2
        self._high, self._band, self._low = high, band - k * high, low - high

    def ends(self, heard: Block) -> tuple[Block, Block]:
        """Return the states after each step from rest, and those that states of 1 become.

        Args:
            heard: The input, ``(64, channels, steps)``.

        Returns:
            ``(2, channels, steps)`` and ``(2, 2, steps)``.
        """
        channels, steps = heard.shape[1:]
        p, q = np.zeros((2, channels + 2, steps))
        p[channels] = 1.0
        q[channels + 1] = 1.0
        x = np.zeros((channels + 2, steps))
        for frame in range(STEP_FRAMES):
            x[:channels] = heard[frame]
            self._turn(frame, x, p, q)
        return np.stack((p[:channels], q[:channels])), np.stack((p[channels:], q[channels:]))

    def run(self, heard: Block, starts: Block) -> None:
        """Write the output over ``heard``.

        Args:
            heard: The input, ``(64, channels, steps)``.
            starts: The states before each step, ``(2, channels, steps)``; written over.
        """
        p, q = starts
        for frame in range(STEP_FRAMES):
            x = heard[frame]
            v1, v2 = self._turn(frame, x, p, q)
            x *= self._high[frame]
            v1 *= self._band[frame]
            x += v1
            v2 *= self._low[frame]
            x += v2

    def _turn(self, frame: int, x: Block, p: Block, q: Block) -> tuple[Block, Block]:
        """Return v1 and v2, and move the states on in place."""
        difference = x - q
        v1 = self._a1[frame] * p
        v1 += self._a2[frame] * difference
        v2 = self._a2[frame] * p
        difference *= self._a3[frame]
        v2 += difference
        v2 += q
        np.subtract(2.0 * v1, p, out=p)
        np.subtract(2.0 * v2, q, out=q)
        return v1, v2


def _times(matrix: Block, states: Block) -> Block:
    """Return ``matrix @ states``, ``(2, channels)``, the same to the bit for any channels."""
    return np.stack([row[0] * states[0] + row[1] * states[1] for row in matrix])


def _splined(targets: Block) -> Block:
    """Return the figures of every frame, ``(5, 64, steps)``, of ``(5, steps + 2)``."""
    part = np.arange(1, STEP_FRAMES + 1)[:, None] / STEP_FRAMES
    middle = targets[:, None, 1:-1]
    figures = 0.5 * (1.0 - part) ** 2 * (targets[:, None, :-2] - middle)
    figures += 0.5 * part**2 * (targets[:, None, 2:] - middle)
    figures += middle
    return np.asarray(figures)


def _figures(sections: Block) -> Block:
    """Return g, k and the gains of high-, band- and low-pass, ``(5, steps)``.

    The denominator of the state-variable filter is, over n = 1 + g k + g^2,
    1 + 2 (g^2 - 1)/n z^-1 + (1 - g k + g^2)/n z^-2: its value at z = 1 is 4 g^2 / n, at z = -1 it
    is 4 / n, and 1 - a2 is 2 g k / n.
    """
    b0, b1, b2, _, a1, a2 = sections.T
    # In this order the differences near 0 Hz are exact.
    at_dc, at_nyquist = (1.0 + a1) + a2, (1.0 - a1) + a2
    g = np.sqrt(at_dc / at_nyquist)
    half = 2.0 / (g * at_nyquist)  # n / 2 g
    return np.stack(
        (
            g,
            (1.0 - a2) * half,
            ((b0 - b1) + b2) / at_nyquist,
            (b0 - b2) * half,
            ((b0 + b1) + b2) / at_dc,
        )
    )
