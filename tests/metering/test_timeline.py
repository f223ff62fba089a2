"""The timeline: a waveform of bounded size whatever the length, and the loudness curves."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.metering.meter_tones import SILENCE, tone

from mixmaster.arrays import Block
from mixmaster.metering import timeline as module
from mixmaster.metering.chunks import CHUNK_FRAMES
from mixmaster.metering.loudness import BlockPowers, channel_weights, loudness_figures
from mixmaster.metering.thinning import highest_of_groups
from mixmaster.metering.timeline import (
    Timeline,
    TimelineMeter,
    Waveform,
    WaveformMeter,
    timeline,
)

RATE = 48_000


def noise(channels: int, frames: int, seed: int = 0) -> Block:
    rng = np.random.default_rng(seed)
    return np.asarray(rng.uniform(-1, 1, (channels, frames)).astype(np.float32).astype(np.float64))


def waveform_of(block: Block, cuts: tuple[int, ...] = ()) -> Waveform:
    meter = WaveformMeter(RATE, len(block))
    for part in np.split(block, sorted(cuts), axis=1):
        meter.update(part)
    return meter.result()


def timeline_of(block: Block, rate: int = RATE, *, dual_mono: bool = False) -> Timeline:
    meter = TimelineMeter(rate, len(block), dual_mono=dual_mono)
    meter.update(block)
    return meter.result()


def assert_true_of(figures: Waveform, block: Block) -> None:
    """Compare every bucket with the frames it stands for."""
    for channel, samples in enumerate(block):
        starts = np.arange(0, samples.size, figures.bucket_frames)
        parts = [samples[start : start + figures.bucket_frames] for start in starts]
        low, high = [part.min() for part in parts], [part.max() for part in parts]
        rms = [math.sqrt((part**2).mean()) for part in parts]
        assert figures.waveform_min[channel] == pytest.approx(low, abs=6e-7)
        assert figures.waveform_max[channel] == pytest.approx(high, abs=6e-7)
        assert figures.waveform_rms[channel] == pytest.approx(rms, abs=1.5e-6)


@settings(deadline=None, max_examples=15)
@given(
    channels=st.integers(1, 3),
    frames=st.integers(1, 200_000),
    cuts=st.lists(st.integers(0, 200_000), max_size=5),
)
@example(channels=1, frames=CHUNK_FRAMES, cuts=[])  # every bucket is full
@example(channels=1, frames=CHUNK_FRAMES + 1, cuts=[])
def test_every_bucket_holds_its_frames_however_they_came(
    channels: int, frames: int, cuts: list[int]
) -> None:
    block = noise(channels, frames)
    figures = waveform_of(block, tuple(min(cut, frames) for cut in cuts))
    assert_true_of(figures, block)
    assert figures == waveform_of(block)
    buckets = len(figures.waveform_min[0])
    assert buckets == -(-frames // figures.bucket_frames) <= module.MAX_BUCKETS
    assert buckets > module.MAX_BUCKETS // 2 or figures.bucket_frames == 16


@pytest.mark.parametrize("frames", [1, CHUNK_FRAMES, 3 * CHUNK_FRAMES, 40 * CHUNK_FRAMES + 777])
def test_buckets_longer_than_a_chunk(frames: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BUCKETS", 8)
    block = noise(2, frames, 1)
    figures = waveform_of(block)
    assert_true_of(figures, block)
    assert len(figures.waveform_min[0]) <= 8
    if frames > 8 * CHUNK_FRAMES:
        assert figures.bucket_frames > CHUNK_FRAMES


def test_one_high_sample_survives_every_merging() -> None:
    meter = WaveformMeter(RATE, 1)
    chunk = np.zeros((1, CHUNK_FRAMES), np.float32)
    for at in range(300):
        chunk[0, 5] = at / 300
        meter.take(chunk)
    figures = meter.result_with(None)
    assert len(figures.waveform_max[0]) <= module.MAX_BUCKETS
    assert figures.bucket_s == figures.bucket_frames / RATE
    assert figures.bucket_frames > 16
    highest = int(np.argmax(figures.waveform_max[0]))
    assert highest == (299 * CHUNK_FRAMES + 5) // figures.bucket_frames
    assert figures.waveform_max[0][highest] == pytest.approx(299 / 300, abs=6e-7)


def test_one_sample_and_none() -> None:
    one = timeline_of(np.array([[0.5], [-0.25]]))
    assert one.waveform_min == one.waveform_max == ((0.5,), (-0.25,))
    assert one.waveform_rms == ((0.5,), (0.25,))
    assert one.duration_s == 1 / RATE
    assert one.momentary_lufs == one.short_term_lufs == ()
    assert one.reasons == {
        "momentary_lufs": "shorter than 0.4 s",
        "short_term_lufs": "shorter than 3 s",
    }
    none = timeline_of(np.zeros((2, 0)))
    assert none.waveform_min == none.waveform_rms == ((), ())
    none.to_json()


def test_a_steady_tone_reads_its_level_at_every_point() -> None:
    figures = timeline_of(np.stack([tone([(8, -23)], RATE)] * 2))
    assert figures.momentary_times_s[0] == pytest.approx(0.4)
    assert figures.short_term_times_s[0] == pytest.approx(3.0)
    assert figures.momentary_times_s[-1] == figures.short_term_times_s[-1] == 8.0
    assert np.diff(figures.momentary_times_s) == pytest.approx(0.01)
    assert np.diff(figures.short_term_times_s) == pytest.approx(0.1)
    for curve in (figures.momentary_lufs[2:-2], figures.short_term_lufs):
        assert [value for value in curve if value is not None] == pytest.approx(
            [-23.0] * len(curve), abs=0.1
        )


def test_a_window_reads_at_its_end_and_silence_is_null() -> None:
    figures = timeline_of(np.stack([tone([(2, SILENCE), (1, -20), (9, SILENCE)], RATE)] * 2))
    read = dict(zip(figures.momentary_times_s, figures.momentary_lufs, strict=True))
    assert read[1.99] is None
    assert read[2.4] == pytest.approx(-20.0, abs=0.1)
    assert read[3.0] == pytest.approx(-20.0, abs=0.1)
    half = read[2.2]  # half a window of it: 3.01 LU less
    assert half == pytest.approx(-23.01, abs=0.15)
    short = dict(zip(figures.short_term_times_s, figures.short_term_lufs, strict=True))
    assert short[5.0] == pytest.approx(-20 + 10 * math.log10(1 / 3), abs=0.1)


def test_dual_mono_lifts_the_curves_of_mono_alone() -> None:
    mono = tone([(4, -23)], RATE)[None]
    once, twice = timeline_of(mono), timeline_of(mono, dual_mono=True)
    rise = np.subtract(twice.short_term_lufs, once.short_term_lufs)  # type: ignore[arg-type]
    assert rise == pytest.approx(10 * math.log10(2), abs=1e-3)


def test_channels_without_weights_have_a_waveform_and_a_reason() -> None:
    block = noise(4, 5 * RATE)
    figures = timeline_of(block)
    assert len(figures.waveform_min) == 4
    assert figures.momentary_lufs == ()
    assert figures.reasons["momentary_lufs"] == "no channel weights are known for 4 channels"


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (11_025, 2), (44_100, 6), (192_000, 2)])
def test_the_curves_reach_the_figures_of_the_loudness_meter(rate: int, channels: int) -> None:
    block = noise(channels, 4 * rate + 13, 3) * np.linspace(0.01, 0.2, 4 * rate + 13)
    powers = BlockPowers(rate, channels)
    powers.update(block)
    figures, expected = (
        timeline_of(block, rate),
        loudness_figures(powers.powers, channel_weights(channels)),
    )
    momentary, short = expected.max_momentary_lufs, expected.max_short_term_lufs
    assert max(v or -99 for v in figures.momentary_lufs) == pytest.approx(momentary, abs=6e-4)
    assert max(v or -99 for v in figures.short_term_lufs) == pytest.approx(short, abs=6e-4)


def test_long_curves_keep_their_maxima_at_their_times() -> None:
    hours = np.full((1, 3 * 3_600 * 100), 1e-6)
    hours[0, 700_000:700_040] = 0.1  # 400 ms at 7,000 s: the window ends at 7,000.4 s
    figures = timeline(
        Waveform(16, 1.0, ((),), ((),), ((),)), hours, np.ones(1), duration_s=3 * 3_600.0
    )
    assert len(figures.momentary_lufs) <= module.MAX_POINTS
    assert len(figures.short_term_lufs) <= module.MAX_POINTS
    levels = [value or -99 for value in figures.momentary_lufs]
    highest = int(np.argmax(levels))
    assert levels[highest] == pytest.approx(-10.691, abs=1e-3)
    assert figures.momentary_times_s[highest] == pytest.approx(7_000.4)
    assert all(np.diff(figures.momentary_times_s) > 0)


@settings(deadline=None, max_examples=50)
@given(
    values=st.lists(st.sampled_from([-math.inf, math.nan, -3.0, 0.0, 5.0]), max_size=60),
    limit=st.integers(1, 70),
)
@example(values=[0.0, math.nan, 5.0, math.nan], limit=2)
@example(values=[math.nan, 0.0], limit=1)
def test_thinning_keeps_the_highest_of_every_group(values: list[float], limit: int) -> None:
    kept = highest_of_groups(np.array(values, dtype=np.float64), limit).tolist()
    assert len(kept) <= limit
    if len(values) <= limit:
        assert kept == list(range(len(values)))
    size = max(1, math.ceil(len(values) / limit))
    for group, index in enumerate(kept):
        members = values[group * size : (group + 1) * size]
        heard = [-math.inf if math.isnan(v) else v for v in members]
        assert index == group * size + heard.index(max(heard))


def test_the_curves_do_not_depend_on_the_cut() -> None:
    block = noise(2, 300_000, 4)
    meter = TimelineMeter(RATE, 2)
    for part in np.split(block, [1, 77_777, 200_000], axis=1):
        meter.update(part)
    assert meter.result() == meter.result() == timeline_of(block)
