"""The parts of a reverberator: delays, diffusion, absorption, network, reflections."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.arrays import Block
from mixmaster.dsp.absorption import Absorption, Decay, GlidingAbsorption
from mixmaster.dsp.delay_bank import DelayBank
from mixmaster.dsp.delay_network import DelayNetwork, feedback_matrix, line_lengths
from mixmaster.dsp.diffusion import Diffuser, mixing_matrix, stage_delays
from mixmaster.dsp.early_reflections import box_reflections

CHUNK = 64
RATE = 48_000


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 300), min_size=1, max_size=5), st.booleans())
def test_every_row_is_late_by_its_own_delay(delays: list[int], shared: bool) -> None:
    signal = np.random.default_rng(1).standard_normal((len(delays), 10 * CHUNK))
    if shared:
        signal[:] = signal[0]
    bank = DelayBank(delays, CHUNK, shared=shared)
    heard = np.empty_like(signal)
    for start in range(0, signal.shape[1], CHUNK):
        chunk = signal[:, start : start + CHUNK]
        bank.write(chunk[0] if shared else chunk)
        bank.read(heard[:, start : start + CHUNK])
        bank.advance()
    for row, delay in enumerate(delays):
        late = np.concatenate((np.zeros(delay), signal[row]))[: signal.shape[1]]
        assert np.array_equal(heard[row], late)


@pytest.mark.parametrize("density", [0.0, 0.3, 1.0])
def test_matrices_keep_the_energy(density: float) -> None:
    for matrix in (mixing_matrix(density), feedback_matrix()):
        assert np.max(np.abs(matrix @ matrix.T - np.eye(len(matrix)))) < 1e-14
    assert np.max(np.abs(np.abs(feedback_matrix()) - 0.25)) < 1e-15
    assert np.max(np.abs(np.abs(mixing_matrix(1.0)) - math.sqrt(1 / 8))) < 1e-15
    assert np.count_nonzero(np.abs(mixing_matrix(0.0)) > 1e-12) == 8


def test_diffusion_has_no_colour() -> None:
    """Paraunitary: the rows' powers together are flat over frequency, whatever goes in."""
    delays = stage_delays(900.0, 4)
    assert all(len(set(stage)) == 8 for stage in delays[:3])
    assert sum(map(max, delays)) <= 900
    diffuser = Diffuser(delays, 1.0, CHUNK)
    fed = np.zeros((2, 16 * CHUNK))
    fed[:, 0] = 0.6, 0.8
    rows = np.concatenate(
        [diffuser.process(fed[:, at : at + CHUNK]) for at in range(0, fed.shape[1], CHUNK)], axis=1
    )
    power = np.sum(np.abs(np.fft.rfft(rows, axis=1)) ** 2, axis=0)
    assert np.max(np.abs(power - 1.0)) < 1e-12


def test_lines_are_different_primes_far_enough_apart() -> None:
    lengths = line_lengths(1_128.0, 2_900.0)
    assert len(set(lengths)) == 16
    assert lengths[0] >= 1_128
    assert lengths[-1] < 2_960
    for length in lengths:
        assert all(length % factor for factor in range(2, math.isqrt(length) + 1))


def test_a_network_that_absorbs_nothing_keeps_its_energy_however_it_swings() -> None:
    """Ten million seconds of decay: what goes in stays in, to a part in a million."""
    delays = line_lengths(100.0, 260.0)
    lossless = Absorption(delays, 200.0, 5_000.0, RATE, Decay(1e7, 1e7, 1e7))
    network = DelayNetwork(
        delays,
        lossless,
        modulation=1.0,
        first_lap=0.0,
        outputs=np.eye(2),
        chunk=CHUNK,
        sample_rate_hz=RATE,
    )
    rows = np.zeros((8, CHUNK))
    rows[:, 0] = 1.0
    powers = []
    for index in range(4_000):
        heard = network.process(rows if index == 0 else np.zeros_like(rows), index * CHUNK)
        powers.append(np.mean(heard**2))
    early, late = np.mean(powers[400:2_000]), np.mean(powers[2_400:])
    assert late == pytest.approx(early, rel=0.03)
    # Eight of energy, spread over the lines' frames; a row of 1 hears a line's worth of it.
    assert np.mean(powers[400:]) == pytest.approx(8.0 / sum(delays), rel=0.03)


DECAY = Decay(low_s=1.5, mid_s=1.0, high_s=0.4)


def answers(absorption: Absorption, lines: int) -> Block:
    click = np.zeros((lines, 128 * CHUNK))
    click[:, 0] = 1.0
    parts = []
    for start in range(0, click.shape[1], CHUNK):
        if isinstance(absorption, GlidingAbsorption):
            absorption.glide(Decay(np.array([1.5]), np.array([1.0]), np.array([0.4])))
        parts.append(absorption.process(np.ascontiguousarray(click[:, start : start + CHUNK])))
    return np.concatenate(parts, axis=1)


def test_each_line_loses_by_its_length_lows_mids_and_highs_by_their_times() -> None:
    """Jot: 60 dB in T seconds are 60 d / (T fs) dB in d frames, well off the crossovers."""
    delays = (480, 1_200)
    absorption = Absorption(delays, 200.0, 5_000.0, RATE, DECAY)
    heard = np.fft.rfft(answers(absorption, 2), axis=1)
    lap_s = np.array(delays) / RATE
    lost_db = -20.0 * np.log10(np.abs(heard))
    assert lost_db[:, 0] == pytest.approx(60.0 * lap_s / 1.5, rel=0.02)
    assert lost_db[:, -1] == pytest.approx(60.0 * lap_s / 0.4, rel=0.02)
    at_1k = round(1_000 / (RATE / 2) * (lost_db.shape[1] - 1))
    rate = 1.0 + (1 / 1.5 - 1.0) / (1 + 5.0**2) + (2.5 - 1.0) / (1 + 5.0**2)
    assert lost_db[:, at_1k] == pytest.approx(60.0 * lap_s * rate, rel=0.02)


def test_filters_in_stretches_are_the_filters_that_are_promised() -> None:
    delays = (480, 1_200)
    absorption = Absorption(delays, 200.0, 5_000.0, RATE, DECAY)
    heard = np.fft.rfft(answers(absorption, 2), axis=1)
    around = np.pi * np.arange(heard.shape[1]) / (heard.shape[1] - 1)
    assert np.max(np.abs(heard - absorption.responses(DECAY, around)[:, 0])) < 1e-12
    gliding = GlidingAbsorption(delays, 200.0, 5_000.0, RATE, DECAY)
    still = Absorption(delays, 200.0, 5_000.0, RATE, DECAY)
    assert np.max(np.abs(answers(gliding, 2) - answers(still, 2))) < 1e-13


def test_the_first_reflections_of_a_box_come_from_the_nearest_walls() -> None:
    """A box so low that floor and ceiling answer first: paths by Pythagoras, floor then ceiling."""
    found = box_reflections((40.0, 50.0, 2.0), 2)
    across = math.hypot(40.0 * (0.48 - 0.35), 50.0 * (0.36 - 0.71))
    direct = math.hypot(across, 2.0 * (0.47 - 0.42))
    floor = math.hypot(across, 2.0 * (0.47 + 0.42))
    ceiling = math.hypot(across, 2.0 * (2.0 - 0.47 - 0.42))
    expected = np.array([floor - direct, ceiling - direct]) / 343.0
    assert found.delays_s[0] == pytest.approx(expected)
    assert np.sum(found.gains**2, axis=(1, 2)) == pytest.approx([1.0, 1.0])
    left_source = np.abs(found.gains[:, 0])
    assert np.all(left_source[0] > left_source[1])
    assert np.all(np.abs(found.gains[1, 1]) > np.abs(found.gains[0, 1]))
