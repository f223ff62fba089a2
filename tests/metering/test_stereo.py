"""The stereo field by closed forms: correlation, width, balance, what mono loses."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.arrays import Block
from mixmaster.metering import stereo as module
from mixmaster.metering.chunk_meter import ChunkMeter
from mixmaster.metering.chunks import CHUNK_FRAMES
from mixmaster.metering.spectrum import SpectrumMeter
from mixmaster.metering.stereo import MONO_LOSS_LIMIT_DB, StereoFigures, StereoMeter

RATE = 48_000
TIME = np.arange(10 * RATE) / RATE


def measured(block: Block, rate: int = RATE, cuts: tuple[int, ...] = ()) -> StereoFigures:
    meter = StereoMeter(rate, len(block))
    for part in np.split(block, sorted(cuts), axis=1):
        meter.update(part)
    return meter.result()


def pair(left: Block, right: Block) -> Block:
    return np.stack([left, right])


def noise(seed: int, frames: int = TIME.size, level: float = 0.1) -> Block:
    return np.asarray(level * np.random.default_rng(seed).standard_normal(frames))


def band_noise(seed: int, low_hz: float, high_hz: float) -> Block:
    """Noise with nothing outside a band, RMS 0.1, periodic in 10 s."""
    spectrum = np.fft.rfft(noise(seed))
    hz = np.fft.rfftfreq(TIME.size, 1 / RATE)
    spectrum[(hz < low_hz) | (hz >= high_hz)] = 0.0
    signal = np.fft.irfft(spectrum, TIME.size)
    return np.asarray(0.1 * signal / np.sqrt((signal**2).mean()))


def sine(hz: float, phase: float = 0.0, level: float = 0.5) -> Block:
    return np.asarray(level * np.sin(2 * np.pi * hz * TIME + phase))


def db(power: float) -> float:
    return 10 * math.log10(power)


def heard(curve: tuple[float | None, ...]) -> list[float]:
    return [value for value in curve if value is not None]


def test_equal_channels() -> None:
    figures = measured(pair(noise(0), noise(0)))
    assert figures.correlation == 1.0
    assert set(figures.correlation_curve) == set(figures.band_correlation) == {1.0}
    assert set(figures.band_width) == {0.0}
    assert figures.width == figures.balance_db == figures.mono_loss_db == 0.0
    assert figures.mono_loss_below_120_hz_db == 0.0
    assert figures.width_db is None
    assert figures.reasons == {"width_db": "left and right are equal"}


def test_opposite_channels_lose_everything_by_a_bounded_figure() -> None:
    figures = measured(pair(noise(0), -noise(0)))
    assert figures.correlation == -1.0
    assert set(figures.correlation_curve) == set(figures.band_correlation) == {-1.0}
    assert (figures.width, set(figures.band_width)) == (1.0, {1.0})
    assert figures.mono_loss_db == figures.mono_loss_below_120_hz_db == MONO_LOSS_LIMIT_DB
    assert figures.reasons == {
        "width_db": "right is left with inverted polarity",
        "mono_loss_db": "the fold-down cancels: 100 dB or more",
        "mono_loss_below_120_hz_db": "the fold-down cancels: 100 dB or more",
    }


def test_unrelated_channels_lose_3_db() -> None:
    figures = measured(pair(noise(1), noise(2)))
    spread = 4 / math.sqrt(TIME.size)  # four times the deviation of a correlation of 0
    assert figures.correlation == pytest.approx(0.0, abs=spread)
    assert figures.width == pytest.approx(0.5, abs=spread)
    assert figures.width_db == pytest.approx(0.0, abs=0.05)
    assert figures.balance_db == pytest.approx(0.0, abs=0.05)
    assert figures.mono_loss_db == pytest.approx(db(2), abs=0.03)
    # 110 Hz for 10 s: 1,100 independent values
    assert figures.mono_loss_below_120_hz_db == pytest.approx(db(2), abs=0.6)
    assert np.abs(heard(figures.correlation_curve)).max() < 6 / math.sqrt(0.4 * RATE)
    assert figures.reasons == {}


@pytest.mark.parametrize(("side", "reason"), [(0, "right is silent"), (1, "left is silent")])
def test_one_channel_alone_has_no_correlation_and_loses_3_db(side: int, reason: str) -> None:
    block = np.zeros((2, TIME.size))
    block[side] = noise(3)
    figures = measured(block)
    assert figures.correlation is figures.balance_db is None
    assert set(figures.correlation_curve) == set(figures.band_correlation) == {None}
    assert figures.reasons["balance_db"] == reason
    assert "60 dB under" in figures.reasons["correlation"]
    assert figures.width == pytest.approx(0.5, abs=1e-9)
    assert figures.width_db == pytest.approx(0.0, abs=1e-6)
    assert figures.mono_loss_db == pytest.approx(db(2), abs=1e-6)
    assert figures.mono_loss_below_120_hz_db == pytest.approx(db(2), abs=1e-3)


@pytest.mark.parametrize("degrees", [0, 30, 90, 135, 180])
def test_sines_apart_in_phase_correlate_by_its_cosine(degrees: int) -> None:
    cosine = math.cos(math.radians(degrees))
    figures = measured(pair(sine(1_000), sine(1_000, math.radians(degrees))))
    assert figures.correlation == pytest.approx(cosine, abs=1e-6)
    assert heard(figures.correlation_curve) == pytest.approx(
        [cosine] * len(figures.correlation_curve), abs=1e-4
    )
    octave = figures.band_hz.index(min(figures.band_hz, key=lambda hz: abs(hz - 1_000)))
    assert figures.band_correlation[octave] == pytest.approx(cosine, abs=1e-4)
    if degrees < 180:
        assert figures.mono_loss_db == pytest.approx(-db((1 + cosine) / 2), abs=1e-4)
    assert figures.width == pytest.approx((1 - cosine) / 2, abs=1e-6)


def test_a_quarter_turn_of_every_frequency_is_unrelated_in_every_band() -> None:
    spectrum = np.fft.rfft(band_noise(4, 25, 20_000))
    figures = measured(pair(np.fft.irfft(spectrum), np.fft.irfft(1j * spectrum)))
    assert figures.correlation == pytest.approx(0.0, abs=1e-5)
    assert figures.mono_loss_db == pytest.approx(db(2), abs=1e-4)
    bands = np.array(heard(figures.band_correlation))
    assert bands.size == 10
    # Each segment of the spectrum has its own chance products: few of them in a low octave.
    assert np.abs(bands[:3]).max() < 0.05
    assert np.abs(bands[3:]).max() < 0.01


def test_a_delayed_copy_combs_and_low_bands_stay_in_phase() -> None:
    delay = 24  # 0.5 ms: in phase at 0 and 2 kHz, opposite at 1 kHz
    source = noise(5, TIME.size + delay)
    figures = measured(pair(source[delay:], source[:-delay]))
    assert figures.correlation == pytest.approx(0.0, abs=0.01)
    seconds = delay / RATE
    for hz, read in zip(figures.band_hz, figures.band_correlation, strict=True):
        # The mean of cos(2 pi f d) over the octave.
        ratio = 10**0.15
        low, high = hz / ratio, hz * ratio
        turns = [math.sin(2 * math.pi * f * seconds) for f in (low, high)]
        mean = (turns[1] - turns[0]) / (2 * math.pi * seconds * (high - low))
        assert read == pytest.approx(mean, abs=0.03)
    low_loss = figures.mono_loss_below_120_hz_db
    turns = [math.sin(2 * math.pi * f * seconds) for f in (10, 120)]
    mean = (turns[1] - turns[0]) / (2 * math.pi * seconds * 110)
    assert low_loss == pytest.approx(-db((1 + mean) / 2), abs=0.02)


@settings(deadline=None, max_examples=20)
@given(
    left=st.floats(0.05, 1.0),
    right=st.floats(0.05, 1.0),
    shared=st.floats(-1.0, 1.0),
)
def test_levels_and_a_shared_part_by_the_formulas(left: float, right: float, shared: float) -> None:
    one, other = sine(1_000, 0.0, 1.0), sine(1_000, math.pi / 2, 1.0)
    second = shared * one + math.sqrt(1 - shared**2) * other
    figures = measured(pair(left * one, right * second)[:, :RATE])
    mid = (left**2 + right**2 + 2 * left * right * shared) / 4
    side = (left**2 + right**2 - 2 * left * right * shared) / 4
    assert figures.correlation == pytest.approx(shared, abs=1e-5)
    assert figures.balance_db == pytest.approx(20 * math.log10(left / right), abs=1e-4)
    assert figures.width == pytest.approx(side / (mid + side), abs=1e-6)
    if min(mid, side) > 1e-6:
        assert figures.width_db == pytest.approx(db(side / mid), abs=1e-3)
        assert figures.mono_loss_db == pytest.approx(-db(mid / (mid + side)), abs=1e-3)


def test_polarity_flipped_bass_is_lost_below_120_hz_alone() -> None:
    bass, top = band_noise(6, 40, 100), 2 * band_noise(7, 300, 8_000)
    figures = measured(pair(bass + top, top - bass))
    low = figures.mono_loss_below_120_hz_db
    assert low is not None
    assert low > 40  # what is left is the leakage of the top around its edges
    assert figures.mono_loss_db == pytest.approx(db(5 / 4), abs=1e-3)
    bands = dict(zip(figures.band_nominal_hz, figures.band_correlation, strict=True))
    assert bands[63] == pytest.approx(-1.0, abs=1e-3)
    assert [bands[1000], bands[4000]] == pytest.approx([1.0, 1.0], abs=1e-3)
    widths = dict(zip(figures.band_nominal_hz, figures.band_width, strict=True))
    assert widths[63] == pytest.approx(1.0, abs=1e-3)
    assert widths[1000] == pytest.approx(0.0, abs=1e-3)


def test_a_dc_offset_is_no_bass() -> None:
    offset = np.full(TIME.size, 0.01)
    plain, shifted = (pair(noise(8) + dc, noise(9) - dc) for dc in (0 * offset, offset))
    loss = measured(plain).mono_loss_below_120_hz_db
    assert measured(shifted).mono_loss_below_120_hz_db == pytest.approx(loss, abs=0.01)


@pytest.mark.parametrize("level", [1e-4, 1.0])
def test_without_bass_there_is_no_loss_of_bass(level: float) -> None:
    fade = np.minimum(1, np.minimum(TIME, TIME[::-1]))
    top = level * fade * sine(5_000)
    figures = measured(pair(top, -top))
    assert figures.mono_loss_below_120_hz_db is None
    assert figures.reasons["mono_loss_below_120_hz_db"].startswith("no bass")


def test_bass_50_db_under_the_whole_is_still_measured() -> None:
    fade = np.minimum(1, np.minimum(TIME, TIME[::-1]))
    top, bass = fade * sine(5_000), fade * sine(60, level=0.5 * 10 ** (-50 / 20))
    loss = measured(pair(top + bass, bass - top)).mono_loss_below_120_hz_db
    assert loss == pytest.approx(0.0, abs=0.01)


def test_the_curve_follows_in_time_and_silence_is_null() -> None:
    second = noise(10, RATE)
    parts = [(second, second), (0 * second, 0 * second), (second, -second), (second, 0 * second)]
    left, right = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    figures = measured(pair(left, right))
    read = dict(zip(figures.correlation_times_s, figures.correlation_curve, strict=True))
    assert list(read) == pytest.approx(np.arange(4, 41) / 10)
    assert [read[t] for t in (0.4, 1.0, 1.3)] == [1.0, 1.0, 1.0]
    assert [read[t] for t in (1.4, 1.7, 2.0)] == [None, None, None]
    assert [read[t] for t in (2.1, 2.4, 3.0)] == [-1.0, -1.0, -1.0]
    assert [read[t] for t in (3.4, 4.0)] == [None, None]
    # A window half on each: right has half the power of left and all of it opposite.
    energy = (second[-RATE // 5 :] ** 2).sum(), (second[: RATE // 5] ** 2).sum()
    assert read[3.2] == pytest.approx(-math.sqrt(energy[0] / sum(energy)), abs=2e-4)


def test_dither_is_silence_and_music_over_it_is_not() -> None:
    rng = np.random.default_rng(11)
    dither = (rng.random((2, RATE)) + rng.random((2, RATE)) - 1) / 32_768
    quiet = measured(np.round(dither * 32_768 + 0.0) / 32_768)
    assert set(quiet.correlation_curve) == {None}
    assert quiet.correlation == pytest.approx(0.0, abs=0.03)
    loud = measured(dither + 3e-4 * sine(1_000)[:RATE])  # -79.5 dBFS
    assert all(value > 0.9 for value in heard(loud.correlation_curve))
    assert len(heard(loud.correlation_curve)) == 7


def test_a_long_curve_keeps_its_lowest_values(monkeypatch: pytest.MonkeyPatch) -> None:
    block = pair(noise(12), noise(12))
    block[1, 5 * RATE : 5 * RATE + RATE // 2] *= -1
    every = measured(block)
    monkeypatch.setattr(module, "MAX_POINTS", 20)
    few = measured(block)
    assert len(every.correlation_curve) == 97
    assert len(few.correlation_curve) <= 20
    assert min(heard(few.correlation_curve)) == min(heard(every.correlation_curve)) == -1.0
    whole = dict(zip(every.correlation_times_s, every.correlation_curve, strict=True))
    for time, value in zip(few.correlation_times_s, few.correlation_curve, strict=True):
        assert whole[time] == value


def test_mono_has_no_stereo_field_and_says_so() -> None:
    figures = measured(noise(13)[None, :RATE])
    assert figures.correlation is figures.width is figures.mono_loss_db is None
    assert figures.correlation_curve == figures.band_correlation == ()
    assert set(figures.reasons.values()) == {"a mono file has no stereo field"}
    assert figures.channels_measured == "mono"


@pytest.mark.parametrize(
    ("frames", "reason"), [(0, "no audio"), (1, "digital silence"), (RATE, "digital silence")]
)
def test_silence_has_no_figures_and_says_so(frames: int, reason: str) -> None:
    figures = measured(np.zeros((2, frames)))
    names = ("correlation", "width", "width_db", "balance_db", "mono_loss_db")
    assert [getattr(figures, name) for name in names] == [None] * 5
    assert set(figures.reasons.values()) == {reason}
    figures.to_json()


def test_one_sample() -> None:
    figures = measured(np.array([[0.5], [-0.25]]))
    assert figures.correlation == -1.0
    assert figures.balance_db == pytest.approx(20 * math.log10(2))
    assert figures.mono_loss_db == pytest.approx(-db(0.125**2 / ((0.5**2 + 0.25**2) / 2)))
    assert figures.correlation_times_s == (1 / RATE,)
    assert figures.correlation_curve == (-1.0,)


def test_plus_300_dbfs_and_minus_240_have_the_same_field() -> None:
    block = pair(noise(19), noise(20) + noise(19))
    ordinary = measured(block)
    for level in (1e-11, 1e15):
        figures = measured(level * block)
        assert figures.correlation == pytest.approx(ordinary.correlation, abs=1e-5)
        assert figures.mono_loss_db == pytest.approx(ordinary.mono_loss_db, abs=1e-4)
        figures.to_json()


def test_of_surround_left_and_right_are_measured_and_the_words_say_so() -> None:
    rng = np.random.default_rng(14)
    surround = 0.1 * rng.standard_normal((6, RATE))
    stereo, six = measured(surround[:2]).to_json(), measured(surround).to_json()
    assert stereo.pop("channels_measured") == "left and right"
    assert six.pop("channels_measured") == "left and right of 6 channels"
    assert stereo == six


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 384_000])
def test_every_rate(rate: int) -> None:
    time = np.arange(2 * rate) / rate
    left, right = (0.5 * np.sin(2 * np.pi * 500 * time + phase) for phase in (0, math.pi / 3))
    figures = measured(pair(left, right), rate)
    assert figures.correlation == pytest.approx(0.5, abs=1e-5)
    assert figures.correlation_times_s == pytest.approx(np.arange(4, 21) / 10)
    assert heard(figures.correlation_curve) == pytest.approx([0.5] * 17, abs=1e-3)
    assert max(figures.band_hz) < rate / 2
    assert len(figures.band_hz) == (10 if rate > 40_000 else 8)  # 3,981 Hz is under 4 kHz


@settings(deadline=None, max_examples=10)
@given(frames=st.integers(1, 200_000), cuts=st.lists(st.integers(0, 200_000), max_size=5))
def test_the_cut_into_blocks_changes_no_bit(frames: int, cuts: list[int]) -> None:
    block = pair(noise(15, frames), noise(16, frames))
    inside = tuple(min(cut, frames) for cut in cuts)
    assert measured(block, 16_000, inside) == measured(block, 16_000)


def test_who_cuts_chunks_gets_both_figures_from_one_transform() -> None:
    block = pair(noise(17), noise(18))
    alone = SpectrumMeter(RATE, 2)
    alone.update(block)
    meter = StereoMeter(RATE, 2)
    samples = block.astype(np.float32)
    whole = samples.shape[1] // CHUNK_FRAMES * CHUNK_FRAMES
    for start in range(0, whole, CHUNK_FRAMES):
        meter.take(samples[:, start : start + CHUNK_FRAMES])
    rest = samples[:, whole:]
    for _ in range(2):  # asking changes nothing
        assert meter.result_with(rest) == measured(block)
        assert meter.spectrum.result_with(rest) == alone.result()
    assert isinstance(meter, ChunkMeter)
