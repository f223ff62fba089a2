from __future__ import annotations

import numpy as np
import pytest

from mixmaster.arrays import Block, Block32
from mixmaster.dsp.shaping import HardShape, RoundShape, Shape, SoftShape

SHAPES: tuple[Shape, ...] = (
    RoundShape(),
    RoundShape(0.4),
    HardShape(),
    SoftShape(),
    SoftShape(0.1),
    SoftShape(1.0),
)


def plain(shape: Shape, x: Block) -> Block:
    """The curves as their formulas have them, in double precision."""
    if isinstance(shape, HardShape):
        return np.clip(x, -1.0, 1.0)
    if isinstance(shape, SoftShape):
        knee, size = shape.knee, np.abs(x)
        bent = size - (size - (1.0 - knee)) ** 2 / (4.0 * knee)
        held = np.where(size < 1.0 + knee, bent, 1.0)
        return np.asarray(np.copysign(np.where(size <= 1.0 - knee, size, held), x))
    assert isinstance(shape, RoundShape)
    b = shape.bias
    lifted = (x + b) / np.sqrt(1.0 + (x + b) ** 2) - b / np.sqrt(1.0 + b * b)
    return np.asarray(lifted * (1.0 + b * b) ** 1.5)


def means(shape: Shape, signal: Block32, nodes_at: int = 400) -> Block:
    """The mean of f(x) - x between neighbours, by quadrature."""
    nodes, weights = np.polynomial.legendre.leggauss(nodes_at)
    a, b = signal.astype(np.float64)[:-1, None], signal.astype(np.float64)[1:, None]
    x = 0.5 * (a + b) + 0.5 * (b - a) * nodes
    return np.asarray((plain(shape, x) - x) @ weights / 2.0)


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_added_is_the_mean_of_the_curve_between_neighbours(shape: Shape) -> None:
    rng = np.random.default_rng(3)
    signal = np.concatenate(
        (rng.uniform(-3, 3, 300), rng.uniform(0.8, 1.2, 200), [0.0, 0.0, -4.0, 4.0, -0.0])
    ).astype(np.float32)
    # The quadrature errs by 1e-5 where a step crosses a corner.
    assert np.max(np.abs(shape.added(signal) - means(shape, signal))) < 2e-5


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("step", [1e-6, 1e-5, 1e-4, 1e-3])
def test_slow_signals_lose_nothing_to_rounding(shape: Shape, step: float) -> None:
    """The closer neighbours lie, the less a quotient of differences would leave."""
    for begin in (-2.1, -1.0, -0.501, 0.0, 0.499, 0.9, 0.9999, 1.4, 1.4999, 3.0):
        signal = (begin + step * np.arange(200)).astype(np.float32)
        error = np.max(np.abs(shape.added(signal) - means(shape, signal, 12)))
        assert error < 6e-7 * max(1.0, abs(begin))  # a few units in float32's last place


@pytest.mark.parametrize("shape", SHAPES)
def test_what_lies_under_its_mark_is_left_alone(shape: Shape) -> None:
    mark = np.float32(shape.clean_below)
    signal = np.array([-mark, mark, mark, 0.5 * mark, 0.0], dtype=np.float32)
    # Rounding alone is left: 3e-8, or -150 dBFS, for the curve that is lifted.
    assert np.max(np.abs(shape.added(signal))) <= 3.2e-8


@pytest.mark.parametrize("shape", SHAPES)
def test_nan_stays(shape: Shape) -> None:
    added = shape.added(np.array([0.0, np.nan, 0.0, 0.0], dtype=np.float32))
    assert np.isnan(added).tolist() == [True, True, False]
