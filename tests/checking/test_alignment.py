"""Delay and polarity from phase: closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.checking.sessions import RATE_HZ, bursts, delayed, noise

from mixmaster.arrays import Block
from mixmaster.dsp.alignment import (
    CrossSpectra,
    Peak,
    bands_that_agree,
    coherence,
    likelihood_weights,
    peak_of,
    shared,
)


def spectra_of(*channels: Block, rate_hz: int = RATE_HZ) -> CrossSpectra:
    spectra = CrossSpectra(rate_hz, len(channels))
    spectra.add(np.stack([spectra.spectra(channel) for channel in channels]))
    return spectra


def between(spectra: CrossSpectra) -> tuple[Peak, Block]:
    powers = np.real(np.diagonal(spectra.matrix, axis1=1, axis2=2))
    coherent = coherence(spectra.matrix[:, 0, 1], powers[:, 0], powers[:, 1])
    return spectra.peak(spectra.matrix[:, 0, 1], coherent), coherent


@given(ms=st.floats(-19.5, 19.5), turned=st.booleans())
@settings(deadline=None, max_examples=15)
def test_any_delay_and_polarity_is_read_to_a_hundredth_of_a_millisecond(
    ms: float, turned: bool
) -> None:
    source = bursts(1, 4.0)
    other = (-0.5 if turned else 0.5) * delayed(source, ms)
    peak, _ = between(spectra_of(source, other + noise(2, other.size, 1e-3)))
    assert peak.delay_ms == pytest.approx(ms, abs=0.01)
    assert (peak.value < 0.0) == turned
    assert abs(peak.value) > 0.8


@pytest.mark.parametrize("rate_hz", [22_050, 48_000, 96_000, 192_000])
def test_rates(rate_hz: int) -> None:
    source = bursts(3, 3.0, rate_hz)
    peak, _ = between(spectra_of(source, delayed(source, 2.3, rate_hz), rate_hz=rate_hz))
    assert peak.delay_ms == pytest.approx(2.3, abs=0.01)


def test_coherence_is_the_share_of_power_in_common() -> None:
    frames = 20 * RATE_HZ
    common, own = noise(4, frames, 1.0), noise(5, frames, 1.0)
    spectra = spectra_of(common, common + own)
    _, coherent = between(spectra)
    # White noise of equal power: |S_xy|^2 / (S_xx S_yy) = 1 / (1 x 2).
    assert float(coherent.mean()) == pytest.approx(0.5, abs=0.03)
    powers = np.real(spectra.matrix[:, 1, 1])
    assert shared(coherent, powers) == pytest.approx(0.5, abs=0.03)
    assert float(likelihood_weights(np.array([0.5]))[0]) == pytest.approx(1.0)


def test_what_is_unrelated_has_no_clear_peak() -> None:
    frames = 20 * RATE_HZ
    peak, coherent = between(spectra_of(noise(6, frames, 1.0), noise(7, frames, 1.0)))
    assert abs(peak.value) < 0.3
    assert float(coherent.mean()) < 0.02


def test_bands_agree_on_a_delay_and_not_on_a_filter_that_turns_the_phase() -> None:
    source = bursts(8, 8.0)
    spectra = spectra_of(source, delayed(source, 1.0))
    peak, coherent = between(spectra)
    agree, asked = bands_that_agree(
        spectra, spectra.matrix[:, 0, 1], coherent, peak, least_coherence=0.2
    )
    assert asked == 8
    assert agree == asked
    # Below 640 Hz the polarity is turned: four of eight bands say otherwise.
    size = 2 * source.size
    spectrum = np.fft.rfft(source, size)
    spectrum[np.fft.rfftfreq(size, 1.0 / RATE_HZ) < 640.0] *= -1.0
    turned = spectra_of(source, np.fft.irfft(spectrum, size)[: source.size])
    peak, coherent = between(turned)
    agree, asked = bands_that_agree(
        turned, turned.matrix[:, 0, 1], coherent, peak, least_coherence=0.2
    )
    assert (agree, asked) == (4, 8)


def test_a_peak_between_samples_is_a_parabola() -> None:
    delays_ms = np.linspace(-1.0, 1.0, 21)
    values = 0.9 - (delays_ms - 0.23) ** 2
    found = peak_of(delays_ms, -values)
    assert found.delay_ms == pytest.approx(0.23)
    assert found.value == pytest.approx(-0.9)
