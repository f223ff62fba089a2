"""The 16x kernel, the bounds that spare work, and the detector, against plain convolution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp.true_peak import (
    KERNEL,
    LEAD,
    PHASES,
    ROW,
    TAPS,
    Rows,
    TruePeakDetector,
    remainder,
)

LATENCY = TruePeakDetector.latency_samples


def convolved(signal: Block) -> Block:
    """Magnitudes of every phase at frames -128 to n + 127, ``(16, frames)``, zeros around."""
    padded = np.pad(signal, (LATENCY + LEAD, LATENCY + TAPS))
    out = [np.convolve(padded, phase[::-1], "valid") for phase in KERNEL]
    return np.asarray(np.abs(np.array(out))[:, : signal.size + 2 * LATENCY])


def frame_peaks(signal: Block) -> Block:
    """The largest of the 17 points from each frame to the next, frames -128 to n + 126."""
    points = convolved(signal)
    return np.asarray(np.maximum(points.max(axis=0)[:-1], points[0, 1:]))


def detected(signal: Block, floor: float = 0.0, pool: int = 1, grid: int = 16) -> Block:
    """The detector's values for frames -128 to n + 127, in blocks on the grid."""
    detector = TruePeakDetector(1, pool_frames=pool)
    padded = np.pad(signal, (0, 2 * LATENCY))[None]
    size = grid * GRID_FRAMES
    blocks = [padded[:, i : i + size] for i in range(0, padded.shape[1], size)]
    return np.concatenate([detector.process(block, floor) for block in blocks])


SIGNALS = {
    "noise": np.random.default_rng(1).uniform(-1, 1, 20_000),
    "clipped noise": np.clip(np.random.default_rng(2).standard_normal(20_000) * 4, -1, 1),
    "square": np.sign(np.sin(0.1 * np.arange(20_000))),
    "high sine": np.sin(2 * np.pi * 0.47 * np.arange(20_000)),
    "bass": np.clip(1.5 * np.sin(2 * np.pi * 0.001 * np.arange(20_000)), -1, 1),
    "impulse": np.eye(1, 5_000, 2_500)[0],
    "edge": np.where(np.arange(9_000) < 5_000, 0.01, 1e5),
    "one frame": np.ones(1),
}


def test_there_are_16_phases_of_at_least_128_taps() -> None:
    assert KERNEL.shape == (PHASES, TAPS)
    assert PHASES == 16
    assert TAPS >= 128


def test_phase_0_is_the_identity() -> None:
    expected = np.zeros(TAPS)
    expected[LEAD] = 1.0
    assert np.array_equal(KERNEL[0], expected)


def test_phases_are_mirror_images_and_pass_dc() -> None:
    for k in range(1, PHASES):
        np.testing.assert_allclose(KERNEL[k], KERNEL[PHASES - k][::-1], atol=1e-15)
    np.testing.assert_allclose(KERNEL.sum(axis=1), 1.0, atol=1e-14)


@pytest.mark.parametrize(("highest", "bound_db"), [(0.49, 0.02), (0.47, 0.005)])
def test_it_is_flat(highest: float, bound_db: float) -> None:
    f = np.linspace(0.0, highest, 2_000)
    tap = np.arange(TAPS) - LEAD
    response = np.exp(2j * np.pi * f[:, None] * tap) @ KERNEL.T
    ideal = np.exp(2j * np.pi * f[:, None] * np.arange(PHASES) / PHASES)
    assert np.max(np.abs(20 * np.log10(np.abs(response)))) < bound_db
    assert np.max(np.abs(response - ideal)) < 10 ** (bound_db / 20) - 1


@pytest.mark.parametrize("f", [0.05, 0.25, 0.4, 0.45, 0.47])
def test_a_sine_reads_its_amplitude(f: float) -> None:
    sine = 0.5 * np.sin(2 * np.pi * f * np.arange(4_000) + 0.7)
    inner = frame_peaks(sine)[1_000:3_000]
    # 16 points a frame: at worst half a step of a sixteenth from the crest
    worst = 20 * np.log10(np.cos(np.pi * f / PHASES))
    assert worst - 0.01 < 20 * np.log10(inner.max() / 0.5) < 0.01


@pytest.mark.parametrize("step", [16, 8, 4])
def test_no_signal_passes_its_bound(step: int) -> None:
    """Even the signals that the norms are about: the signs of the remainder's coefficients."""
    norm = remainder(step)
    tap = np.arange(TAPS) - LEAD
    anchored = np.concatenate([KERNEL, np.roll(KERNEL[0], 1)[None]])
    rng = np.random.default_rng(step)
    tightest = 0.0
    for k in range(PHASES):
        if k % step == 0:
            continue
        a = k - k % step
        line = (1 - k % step / step) * anchored[a] + k % step / step * anchored[a + step]
        q = np.cumsum(np.cumsum(KERNEL[k] - line))[:-2]
        bends = [np.sign(q), *rng.choice([-1.0, 1.0], (3, q.size))]
        for bend in bends:
            x = np.concatenate([[0.0, 0.0], np.cumsum(np.cumsum(bend))])  # bends as asked for
            at_a, at_b = anchored[a] @ x, anchored[a + step] @ x
            x -= at_a + (at_b - at_a) * (PHASES * tap - a) / step  # (nearly) zero at both
            high = max(abs(anchored[p] @ x) for p in range(0, PHASES + 1, step))
            value = abs(KERNEL[k] @ x)
            assert value <= (norm.anchors * high + norm.near + norm.far) * (1 + 1e-9)
            tightest = max(tightest, value / (norm.near + norm.far))
    assert tightest > 0.98  # the bound is not merely large


@pytest.mark.parametrize("name", SIGNALS)
def test_rows_are_bounded(name: str) -> None:
    signal = SIGNALS[name]
    padded = np.pad(signal, (LATENCY, LATENCY + -signal.size % ROW))
    rows = Rows(padded[None])
    points = convolved(signal)[:, LATENCY:][:, : rows.count * ROW]
    values = np.pad(points, ((0, 0), (0, rows.count * ROW - points.shape[1])))
    highest = values.reshape(PHASES, rows.count, ROW).max(axis=(0, 2))
    every = np.arange(rows.count)
    assert np.all(highest <= rows.bounds(16, rows.samples_high, every) * (1 + 1e-12))


@pytest.mark.parametrize("name", SIGNALS)
def test_without_a_floor_every_frame_is_exact(name: str) -> None:
    signal = SIGNALS[name]
    expected = frame_peaks(signal)
    near = np.convolve(expected, np.ones(TAPS), "same")  # float32 rounds by what is near by
    error = np.abs(detected(signal)[: expected.size] - expected)
    assert np.all(error <= 1e-6 * np.maximum(near, 1.0))
    assert detected(signal).max() == pytest.approx(expected.max(), rel=2e-6)


@pytest.mark.parametrize("pool", [1, 8, 64])
@pytest.mark.parametrize("name", SIGNALS)
def test_above_the_floor_values_are_exact_and_below_it_bounds(name: str, pool: int) -> None:
    signal = np.pad(SIGNALS[name], (0, -SIGNALS[name].size % pool))
    frames = frame_peaks(signal)
    frames = frames[: frames.size // pool * pool].reshape(-1, pool).max(axis=1)
    floor = 0.8 * float(frames.max())
    values = detected(signal, floor, pool)[: frames.size]
    above = frames > floor * (1 + 2e-6)
    assert above.any()
    np.testing.assert_allclose(values[above], frames[above], rtol=3e-6)
    assert np.all(values[~above] <= floor * (1 + 2e-6))
    assert np.all(values >= frames * (1 - 3e-6))


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=6),
    st.sampled_from([0.0, 0.5, 0.9, 2.0]),
    st.sampled_from([1, 8]),
)
def test_any_cut_on_the_grid_gives_the_same_bytes(
    lengths: list[int], floor: float, pool: int
) -> None:
    signal = np.random.default_rng(3).standard_normal((2, 12 * GRID_FRAMES + 64))
    signal[:, 20_000:21_000] *= 100.0  # some of it hot
    whole = TruePeakDetector(2, pool_frames=pool).process(signal, floor)
    detector, parts, start = TruePeakDetector(2, pool_frames=pool), [], 0
    while start < signal.shape[1]:
        for length in lengths:
            block = signal[:, start : start + length * GRID_FRAMES]
            parts.append(detector.process(block, floor))
            start += length * GRID_FRAMES
    assert np.array_equal(np.concatenate(parts), whole)


def test_channels_are_linked_unless_asked_for() -> None:
    signal = np.random.default_rng(4).standard_normal((3, GRID_FRAMES))
    each = TruePeakDetector(3, per_channel=True).process(signal)
    assert each.shape == (3, GRID_FRAMES)
    assert np.array_equal(TruePeakDetector(3).process(signal), each.max(axis=0))
    alone = TruePeakDetector(1).process(signal[1:2])
    assert np.array_equal(alone, each[1])
