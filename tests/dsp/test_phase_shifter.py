from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.arrays import Block
from mixmaster.dsp.phase_shifter import PhaseShifter


def frame_by_frame(signal: Block, corners: Block, feedback: Block, stages: int) -> list[float]:
    """The recursion as it is written, one frame after the other."""
    states, back, out = [0.0] * stages, 0.0, []
    for x, corner, gain in zip(signal, np.tan(np.pi * corners), feedback, strict=True):
        value = x + gain * back
        for stage in range(stages):
            low = (value - states[stage]) * corner / (1.0 + corner) + states[stage]
            states[stage] += 2.0 * (low - states[stage])
            value = 2.0 * low - value
        back = value
        out.append(value)
    return out


@pytest.mark.parametrize("stages", [2, 4, 12])
def test_side_by_side_is_frame_by_frame(stages: int) -> None:
    rng = np.random.default_rng(stages)
    signal = rng.standard_normal((2, 1_000))
    corners = 0.02 * np.exp2(3.0 * np.sin(np.arange(1_000) / np.array([[100.0], [37.0]])))
    feedback = np.linspace(-0.9, 0.9, 1_000)
    heard = PhaseShifter(2, stages).process(signal, corners, feedback)
    for side in range(2):
        wanted = frame_by_frame(signal[side], corners[side], feedback, stages)
        assert np.max(np.abs(heard[side] - wanted)) < 1e-12


@pytest.mark.parametrize("feedback", [0.0, 0.6, -0.8])
@pytest.mark.parametrize("stages", [2, 6])
def test_standing_still_it_is_all_passes_in_a_loop(stages: int, feedback: float) -> None:
    corner, frames = 0.03, 1 << 14
    click = np.zeros((1, frames))
    click[0, 0] = 1.0
    heard = PhaseShifter(1, stages).process(click, np.full((1, frames), corner), feedback)[0]
    frequency = np.fft.rfftfreq(frames)
    # A first-order all-pass that turns by -90 degrees at its corner (bilinear).
    ratio = np.tan(np.pi * frequency[:-1]) / np.tan(np.pi * corner)
    chain = ((1.0 - 1j * ratio) / (1.0 + 1j * ratio)) ** stages
    wanted = chain / (1.0 - feedback * np.exp(-2j * np.pi * frequency[:-1]) * chain)
    assert np.max(np.abs(np.fft.rfft(heard)[:-1] - wanted)) < 1e-9


@settings(max_examples=10, deadline=None)
@given(
    cells=st.lists(st.integers(1, 3), min_size=1, max_size=4),
    last=st.integers(0, 4_095),
    stages=st.sampled_from((2, 4, 8)),
)
def test_blocks_and_channels_are_alike_bit_for_bit(
    cells: list[int], last: int, stages: int
) -> None:
    lengths = [4_096 * count for count in cells] + [last]
    rng = np.random.default_rng(sum(lengths))
    signal = rng.standard_normal((2, sum(lengths)))
    corners = rng.uniform(0.01, 0.3, signal.shape)
    whole = PhaseShifter(2, stages).process(signal, corners, 0.5)
    split = PhaseShifter(2, stages)
    parts = [
        split.process(signal[:, a:b].copy(), corners[:, a:b].copy(), 0.5)
        for a, b in pairwise(np.cumsum([0, *lengths]).tolist())
    ]
    assert np.array_equal(np.concatenate(parts, axis=1), whole)
    alone = PhaseShifter(1, stages).process(signal[1:], corners[1:], 0.5)
    assert np.array_equal(alone[0], whole[1])
