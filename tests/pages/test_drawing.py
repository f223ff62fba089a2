"""The drawing layer: places, paths, dashes, labels; what a chart's geometry promises."""

from __future__ import annotations

import dataclasses
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pages.subjects import subject

from mixmaster.pages.axes import (
    NARROW,
    WIDE,
    Scale,
    clock,
    db_ticks,
    hz_text,
    hz_ticks,
    signed,
    time_plot,
    time_ticks,
)
from mixmaster.pages.columns import Keep, reduced, sampled
from mixmaster.pages.legend import Entry, legend, shortened, text_width
from mixmaster.pages.png import dashes
from mixmaster.pages.scene import Line, Polyline, Rect, Scene, Text, curve, spread
from mixmaster.pages.stereo import correlation_scene
from mixmaster.pages.svg import svg


def test_a_logarithmic_scale_gives_every_octave_the_same_width() -> None:
    scale = Scale(20.0, 20_480.0, 0.0, 1_000.0, logarithmic=True)  # ten octaves
    octaves = np.array([20.0 * 2.0**i for i in range(11)])
    assert scale(octaves) == pytest.approx(100.0 * np.arange(11))


def test_a_scale_with_the_larger_value_on_top_runs_upwards() -> None:
    scale = Scale(-24.0, 0.0, 200.0, 80.0)
    assert scale.at(0.0) == 80.0
    assert scale.at(-24.0) == 200.0
    assert scale.at(-12.0) == 140.0


@pytest.mark.parametrize(
    ("seconds", "step", "text"),
    [
        (0.0, 1.0, "0:00"),
        (59.6, 1.0, "1:00"),
        (83.25, 0.01, "1:23.25"),
        (3_725.0, 1.0, "1:02:05"),
        (0.9996, 0.001, "0:01.000"),
        (59.999, 0.01, "1:00.00"),
    ],
)
def test_a_clock_carries_over(seconds: float, step: float, text: str) -> None:
    assert clock(seconds, step) == text


@pytest.mark.parametrize(
    ("value", "digits", "plus", "text"),
    [
        (-0.04, 1, True, "0.0"),
        (-14.0, 1, False, "−14.0"),
        (2.26, 1, True, "+2.3"),
        (None, 1, True, "–"),
        (float("nan"), 1, False, "–"),
    ],
)
def test_a_figure_has_a_true_minus_and_no_minus_nought(
    value: float | None, digits: int, plus: bool, text: str
) -> None:
    assert signed(value, digits, plus=plus) == text


@pytest.mark.parametrize(("hz", "text"), [(31.5, "31.5"), (1e3, "1k"), (12_500.0, "12.5k")])
def test_frequencies_are_written_as_engineers_do(hz: float, text: str) -> None:
    assert hz_text(hz) == text


@settings(deadline=None, max_examples=60)
@given(seconds=st.floats(0.002, 80_000.0), narrow=st.booleans())
def test_times_never_touch_and_stay_within(seconds: float, narrow: bool) -> None:
    size = NARROW if narrow else WIDE
    plot = time_plot(size, seconds, 0.0, 100.0, (0.0, 1.0))
    ticks = time_ticks(seconds, size)
    places = [plot.x.at(value) for value, _ in ticks]
    assert len(ticks) >= 2
    assert places[0] == plot.left
    assert places[-1] <= plot.right + 1e-6
    widest = max(text_width(text, 10.5) for _, text in ticks)
    for a, b in pairwise(places):
        assert b - a > widest


def test_the_times_of_both_sizes_are_right() -> None:
    assert [text for _, text in time_ticks(180.0, NARROW)] == ["0:00", "1:00", "2:00", "3:00"]
    assert time_ticks(62.0, WIDE)[1] == (5.0, "0:05")


@settings(deadline=None, max_examples=60)
@given(low=st.floats(-200.0, 0.0), span=st.floats(3.0, 150.0), height=st.floats(40.0, 300.0))
def test_levels_are_round_and_apart(low: float, span: float, height: float) -> None:
    ticks = db_ticks(low, low + span, height)
    for (a, _), (b, _) in pairwise(ticks):
        assert (b - a) / span * height >= min(22.0, height / 2.0) - 1e-9
    assert all(low <= value <= low + span and value == round(value) for value, _ in ticks)


def test_frequencies_stop_where_the_axis_does() -> None:
    assert hz_ticks(4_000.0, WIDE)[-1] == (2_000.0, "2k")
    assert hz_ticks(20_000.0, WIDE)[-1] == (20_000.0, "20k")


@settings(deadline=None, max_examples=80)
@given(st.lists(st.floats(-50.0, 250.0), max_size=12))
def test_labels_keep_their_distance_their_order_and_the_chart(wanted: list[float]) -> None:
    places = spread(wanted, 13.0, 0.0, 200.0)
    assert len(places) == len(wanted)
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    ordered = [places[i] for i in order]
    gap = min(13.0, 200.0 / max(1, len(wanted) - 1))
    for a, b in pairwise(ordered):
        assert b - a >= gap - 1e-9
    assert all(-1e-9 <= place <= 200.0 + 1e-9 for place in places)


def test_a_label_with_room_stays_where_it_belongs() -> None:
    assert spread([30.0, 100.0], 13.0, 0.0, 200.0) == [30.0, 100.0]


def test_a_curve_is_interrupted_where_there_is_nothing() -> None:
    y = np.array([1.0, 2.0, np.nan, 3.0, np.nan, np.nan, 4.0, 5.0])
    pieces = [line.points for line in curve(np.arange(8.0), y, "s0")]
    assert [len(piece) for piece in pieces] == [2, 2, 2]  # the lone point is drawn, too
    assert pieces[1][:, 1].tolist() == [3.0, 3.0]
    assert pieces[2].tolist() == [[6.0, 4.0], [7.0, 5.0]]


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**31))
def test_a_relative_path_does_not_drift(seed: int) -> None:
    points = np.cumsum(np.random.default_rng(seed).uniform(-3.0, 3.0, (400, 2)), axis=0)
    scene = Scene(100.0, 100.0, "t", "d", (Polyline(points, "s0"),))
    found = re.search(r' d="M([^"]*)"', svg(scene, "x"))
    assert found
    first, rest = found[1].split("l")
    start = np.array([float(v) for v in first.split()])
    steps = np.array([float(v) for v in rest.split()]).reshape(-1, 2)
    drawn = np.concatenate((start[None], start + np.cumsum(steps, axis=0)))
    distance = np.abs(points[:, None] - drawn[None]).max(axis=2).min(axis=1)
    assert distance.max() <= 0.05 + 1e-9
    assert drawn[-1] == pytest.approx(points[-1], abs=0.05 + 1e-9)


def test_text_is_escaped_in_a_picture() -> None:
    marks = (Text(0.0, 0.0, "<b>&"), Rect(0.0, 0.0, 1.0, 1.0, "s0", tip="</title><x>"))
    text = svg(Scene(10.0, 10.0, '"<t>', "<d>", marks), "x")
    assert "&lt;b&gt;&amp;" in text
    assert "&lt;/title&gt;&lt;x&gt;" in text
    assert "<t>" not in text
    assert "<d>" not in text


def test_dashes_have_their_lengths_whatever_the_points() -> None:
    x = np.sort(np.random.default_rng(3).uniform(0.0, 100.0, 50))
    points = np.column_stack((np.concatenate(([0.0], x, [100.0])), np.zeros(52)))
    pieces = dashes(points, (6.0, 4.0))
    assert [piece[0, 0] for piece in pieces] == pytest.approx([10.0 * i for i in range(10)])
    assert [piece[-1, 0] for piece in pieces] == pytest.approx([10.0 * i + 6 for i in range(10)])


def test_columns_keep_the_peak_the_dip_and_the_mean() -> None:
    x = np.linspace(0.0, 10.0, 10_000, endpoint=False)
    y = np.zeros(10_000)
    y[4_321], y[8_765] = 5.0, -7.0
    kept: tuple[tuple[Keep, float], ...] = (("max", 5.0), ("min", -7.0))
    for keep, want in kept:
        at, values = reduced(x, y, high=10.0, columns=100, keep=keep)
        assert len(at) == 100
        extreme = np.argmax(np.abs(values))
        assert values[extreme] == want
        assert at[extreme] == pytest.approx(4.35 if keep == "max" else 8.75)
    _, means = reduced(x, y, high=10.0, columns=100, keep="mean")
    assert means[43] == pytest.approx(0.05)


def test_columns_know_nothing_where_nothing_is_known() -> None:
    y = np.full(1_000, np.nan)
    y[500:] = -20.0
    keeps: tuple[Keep, ...] = ("max", "min", "mean")
    for keep in keeps:
        _, values = reduced(np.arange(1_000.0), y, high=1_000.0, columns=10, keep=keep)
        assert np.isnan(values[:5]).all()
        assert values[5:].tolist() == [-20.0] * 5


def test_a_curve_is_not_carried_on_beyond_its_ends() -> None:
    values = sampled(np.array([1.0, 2.0]), np.array([10.0, 20.0]), np.array([0.5, 1.5, 2.5]))
    assert np.isnan(values[[0, 2]]).all()
    assert values[1] == 15.0
    assert np.isnan(sampled(np.zeros(0), np.zeros(0), np.array([1.0]))).all()


def test_a_long_name_keeps_its_beginning_and_its_ending() -> None:
    name = "01 A Very Long Title That Goes On And On (2026 Remaster) [Explicit].flac"
    short = shortened(name, 150.0, 12.0)
    assert text_width(short, 12.0) <= 150.0
    assert short.startswith("01 A Very")
    assert short.endswith(".flac")
    assert shortened("a.wav", 150.0, 12.0) == "a.wav"


def test_a_legend_wraps_before_the_edge() -> None:
    marks, bottom = legend(NARROW, [Entry("a curve of a long name", f"s{i}") for i in range(4)])
    lines = [mark for mark in marks if isinstance(mark, Line)]
    assert all(line.x1 < NARROW.width for line in lines)
    assert len({line.y0 for line in lines}) > 1
    assert max(line.y0 for line in lines) < bottom


def test_a_share_of_time_is_told_only_of_curves_that_have_every_window() -> None:
    file = subject("stereo")
    share = "below 0 for"
    assert share in correlation_scene(file, WIDE).description
    field = file.survey.stereo
    thinned = dataclasses.replace(
        field,
        correlation_times_s=field.correlation_times_s[::3],
        correlation_curve=field.correlation_curve[::3],
    )
    survey = dataclasses.replace(file.survey, stereo=thinned)
    scene = correlation_scene(dataclasses.replace(file, survey=survey), WIDE)
    assert share not in scene.description
    assert "lowest" in scene.description
