from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.width import Width
from mixmaster.errors import DocumentError

Spectrum = npt.NDArray[np.complex128]
HERE = BlockContext()
RATE_HZ = 48_000


def noise(frames: int = 20_000) -> Block:
    return np.random.default_rng(1).standard_normal((2, frames))


def widened(settings: Width, block: Block) -> Block:
    return settings.prepare(Context(RATE_HZ, 2)).process(block, HERE)


@pytest.mark.parametrize("width", [0.0, 0.5, 1.5, 2.0])
def test_the_side_is_scaled_and_the_middle_stays(width: float) -> None:
    left, right = noise()
    new_left, new_right = widened(Width(width=width), noise())
    assert np.max(np.abs((new_left + new_right) - (left + right))) < 1e-14
    assert np.max(np.abs((new_left - new_right) - width * (left - right))) < 1e-14


def test_width_0_is_mono_bit_for_bit() -> None:
    left, right = widened(Width(width=0.0), noise())
    assert np.array_equal(left, right)


def spectra(settings: Width, left: float, right: float) -> tuple[Spectrum, Spectrum]:
    """Complex responses of both channels to a click panned by two gains, 1 Hz a bin."""
    block = np.zeros((2, RATE_HZ))
    block[:, 0] = left, right
    heard = widened(settings, block)
    return np.fft.rfft(heard[0]), np.fft.rfft(heard[1])


@pytest.mark.parametrize("corner_hz", [80, 150, 300])
def test_the_bass_is_in_the_middle_and_the_rest_where_it_was(corner_hz: int) -> None:
    settings = Width(mono_below_hz=float(corner_hz))
    left, right = spectra(settings, 1.0, 0.0)
    # A tone panned hard left: two octaves under the corner it is in both, at half.
    low, high = corner_hz // 4, corner_hz * 8
    assert 20 * np.log10(np.abs(left[low] / right[low])) == pytest.approx(0.0, abs=0.1)
    assert np.abs(left[low]) == pytest.approx(0.5, abs=0.005)
    assert 20 * np.log10(np.abs(right[high] / left[high])) < -60.0
    # The side is 6.02 dB down at the corner.
    left, right = spectra(settings, 1.0, -1.0)
    side = 20 * np.log10(np.abs(left - right)[corner_hz] / 2.0)
    assert side == pytest.approx(-6.0206, abs=0.01)


def test_a_panned_sound_stays_on_its_side_through_the_crossover() -> None:
    """The side is never turned against the middle, as a crossover without all-pass would do."""
    left, right = spectra(Width(mono_below_hz=120.0), 1.0, 0.0)
    around = slice(20, 2_000)
    assert np.all(np.abs(left[around]) >= np.abs(right[around]) - 1e-9)


def test_the_fold_down_to_mono_keeps_its_level() -> None:
    left, right = spectra(Width(width=1.7, mono_below_hz=120.0), 0.8, 0.3)
    assert np.max(np.abs(np.abs(left + right) - 1.1)) < 1e-9


@pytest.mark.parametrize("channels", [1, 6])
def test_other_than_two_channels_are_refused_unless_neutral(channels: int) -> None:
    for settings in (Width(width=1.2), Width(mono_below_hz=100.0)):
        with pytest.raises(
            DocumentError, match=f"strip.bass: width needs two channels, not {channels}"
        ):
            settings.prepare(Context(RATE_HZ, channels, where="strip.bass"))
    block = np.ones((channels, 10))
    neutral = Width().prepare(Context(RATE_HZ, channels))
    assert np.array_equal(neutral.process(block, HERE), block)


def test_it_has_rung_out_when_declared() -> None:
    processor = Width(width=2.0, mono_below_hz=20.0).prepare(Context(RATE_HZ, 2))
    for levels in ([1.0, 1.0], [1.0, -1.0]):
        processor.process(np.repeat(np.array([levels]).T, 65_536, axis=1), HERE)
    tail = processor.tail_samples
    heard = np.abs(processor.process(np.zeros((2, tail + 65_536)), HERE))
    assert heard[:, tail:].max() < 1e-6
    assert heard[:, tail // 3 :].max() > 1e-6
