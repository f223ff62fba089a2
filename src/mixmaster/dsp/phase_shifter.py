"""First-order all-passes in a row whose corner moves from frame to frame, with feedback.

Each stage is a trapezoidal integrator: with s its state and G = 2 g / (1 + g), g = tan(pi f / fs),

    u = x - s        s' = s + G u        y = s' - u

which is -90 degrees at f, and stays stable and keeps its meaning while f moves (V. Zavalishin, "The
Art of VA Filter Design", 2012). The last stage comes back to the first one frame later.

The recursion is worked exactly, frame by frame, on all stretches of 64 frames of a block side by
side: once from rest, together with what becomes of each state of 1, which joins the stretches; then
once more from their true states.
"""

from __future__ import annotations

import numpy as np

from mixmaster.arrays import GRID_FRAMES, Block, zeros

STEP_FRAMES = 64

_STEPS_A_CELL = GRID_FRAMES // STEP_FRAMES
_VANISHED = 1e-30
"""States below this at a mark of the 4,096 grid are none: no denormals."""


class PhaseShifter:
    """All-passes in a row, one chain a channel.

    Args:
        channels: Channels of every block.
        stages: How many all-passes: at frequencies far above the corner the phase is turned by
            180 degrees times as many.
    """

    def __init__(self, channels: int, stages: int) -> None:
        self._stages = stages
        self._state = zeros(channels, stages + 1)  # of each stage, and what comes back

    def process(self, block: Block, corners: Block, feedback: Block | float) -> Block:
        """Return the shifted block, ``(channels, frames)``.

        Only a signal's last block may be other than a multiple of 4,096 frames.

        Args:
            block: ``(channels, frames)``.
            corners: Where each frame has -90 degrees a stage, as a fraction of the rate below
                0.5, ``(channels, frames)``.
            feedback: How much comes back, between -1 and 1: a number, or ``(frames,)``.
        """
        channels, frames = block.shape
        if not np.any(block) and not np.any(self._state):
            return np.zeros_like(block)
        g = np.tan(np.pi * corners)
        figures = _stretches(2.0 * g / (1.0 + g))
        gain = np.broadcast_to(np.asarray(feedback, dtype=np.float64), (channels, frames))
        back = _stretches(gain)
        heard = _stretches(block)
        out = np.empty_like(heard)
        _run(heard, figures, back, self._starts(heard, figures, back), out)
        joined = out.reshape(STEP_FRAMES, channels, -1).transpose(1, 2, 0).reshape(channels, -1)
        return np.ascontiguousarray(joined[:, :frames])

    def _starts(self, heard: Block, figures: Block, back: Block) -> Block:
        """Return the states before each stretch, ``(stages + 1, channels x stretches)``."""
        channels, size = self._state.shape
        lanes = heard.shape[1]
        # Beside each stretch from rest, the same without input from every state of 1.
        states = np.zeros((size, size + 1, lanes))
        states[np.arange(size), np.arange(size) + 1] = 1.0
        fed = np.zeros((STEP_FRAMES, size + 1, lanes))
        fed[:, 0] = heard
        _run(fed, figures[:, None], back[:, None], states, None)
        ends = np.ascontiguousarray(
            states.reshape(size, size + 1, channels, -1).transpose(3, 2, 0, 1)
        )
        own, memory = ends[..., 0], np.ascontiguousarray(ends[..., 1:])
        starts = np.empty((len(ends), channels, size))
        state = self._state
        for step in range(len(ends)):
            if step % _STEPS_A_CELL == 0:
                state = np.where(np.abs(state) < _VANISHED, 0.0, state)
            starts[step] = state
            state = own[step] + np.matmul(memory[step], state[:, :, None])[:, :, 0]
        self._state = state
        return np.ascontiguousarray(starts.transpose(2, 1, 0)).reshape(size, lanes)


def _stretches(signal: Block) -> Block:
    """Return ``(channels, frames)`` as ``(64, channels x stretches)``, filled up with zeros."""
    channels, frames = signal.shape
    steps = -(-frames // STEP_FRAMES)
    padded = zeros(channels, steps * STEP_FRAMES)
    padded[:, :frames] = signal
    lanes = padded.reshape(channels, steps, STEP_FRAMES).transpose(2, 0, 1)
    return np.ascontiguousarray(lanes).reshape(STEP_FRAMES, channels * steps)


def _run(heard: Block, figures: Block, back: Block, states: Block, out: Block | None) -> None:
    """Run 64 frames of every lane, moving the states on in place.

    Args:
        heard: The input, ``(64, ...)``.
        figures: G of each frame, ``(64, ...)``, broadcast over what is heard.
        back: How much comes back, likewise.
        states: ``(stages + 1, ...)``; the last is what comes back.
        out: Where the output goes, shaped as ``heard``; None where it is not wanted.
    """
    last = states[-1]
    u, t = np.empty_like(last), np.empty_like(last)
    for frame in range(STEP_FRAMES):
        figure = figures[frame]
        last *= back[frame]
        last += heard[frame]
        for state in states[:-1]:
            np.subtract(last, state, out=u)
            np.multiply(u, figure, out=t)
            np.add(state, t, out=state)
            np.subtract(state, u, out=last)
        if out is not None:
            out[frame] = last
