"""Events: in order, in words, those of all channels together, the strongest of very many."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.metering.programme_signals import fed, noise

from mixmaster.metering.clipping import ClippingFigures
from mixmaster.metering.events import (
    LISTED_EVENTS,
    EventFigures,
    EventMeter,
    channel_name,
    event_figures,
)
from mixmaster.metering.gaps import GapFigures
from mixmaster.metering.peak_curve import Over, PeakCurve
from mixmaster.results import to_json_text

RATE = 48_000


def events(signal: np.ndarray, rate: int = RATE) -> EventFigures:
    return fed(EventMeter(rate, signal.shape[0]), signal)


def faulty() -> np.ndarray:
    """Noise with silence at both ends, a dropout of 0.2 s, one in one channel, and a flat top."""
    signal = 0.8 * noise(6.0, RATE, channels=2)
    signal[:, : RATE // 2] = 0.0
    signal[:, 11 * RATE // 2 :] = 0.0
    signal[:, 2 * RATE : 2 * RATE + 9_600] = 0.0
    signal[1, 3 * RATE : 3 * RATE + 4_800] = 0.0
    signal[0, 4 * RATE : 4 * RATE + 5] = 0.9
    return np.asarray(signal)


def test_planted_faults_are_listed_at_their_time_with_their_figure() -> None:
    figures = events(faulty())
    found = [(event.kind, event.channel, round(event.start_s, 2)) for event in figures.events]
    assert found == [
        ("silence_head", None, 0.0),
        ("dropout", None, 2.0),
        ("dropout", 1, 3.0),
        ("clipping", 0, 4.0),
        ("silence_tail", None, 5.5),
    ]
    head, everywhere, right, clipped, tail = figures.events
    assert (figures.clipped_runs, figures.intersample_overs, figures.dropouts) == (1, 0, 2)
    assert figures.silence_head_s == pytest.approx(0.5, abs=1e-3)
    assert figures.silence_tail_s == pytest.approx(0.5, abs=1e-3)
    assert head.stop_s == figures.silence_head_s
    assert tail.stop_s == 6.0
    assert everywhere.figure == pytest.approx(0.2, abs=1e-3)
    assert right.figure == pytest.approx(0.1, abs=1e-3)
    assert right.text == "silent for 100 ms at once, right"
    assert (clipped.figure, clipped.unit) == (5.0, "samples")
    assert clipped.text == "5 samples flat at -0.92 dBFS, left"
    assert figures.reasons == {}


def test_an_over_says_its_true_peak() -> None:
    signal = 0.2 * noise(2.0, RATE)
    t = np.arange(2_400)
    signal[0, RATE : RATE + 2_400] = 1.1 * np.hanning(2_400) * np.sin(np.pi / 2 * t + np.pi / 4)
    (over,) = events(signal).events
    assert (over.kind, over.unit, over.text) == ("over", "dBTP", "true peak of +0.83 dBTP")
    assert over.start_s == pytest.approx(1.025, abs=0.02)


def test_clean_programme_has_no_events() -> None:
    signal = noise(3.0, RATE, channels=2) + 0.001
    assert events(signal).events == ()


def test_silence_and_nothing_are_no_events() -> None:
    for frames, why in ((RATE, "no sample over -72 dBFS"), (0, "no audio")):
        data = json.loads(to_json_text(events(np.zeros((2, frames)))))
        assert data["events"] == []
        assert data["silence_head_s"] is data["silence_tail_s"] is None
        assert data["reasons"] == {"silence_head_s": why, "silence_tail_s": why}


def test_of_very_many_the_strongest_are_listed_and_all_counted() -> None:
    many = 3 * LISTED_EVENTS
    overs = tuple(Over(0, 10 * n, 10 * n + 5, 0.1 + 0.001 * n) for n in range(many))
    figures = event_figures(
        ClippingFigures((), 0),
        GapFigures(0.0, 0.0, (), 0),
        PeakCurve(1.5, np.ones(10), overs, many),
        frames=RATE,
        sample_rate_hz=RATE,
        channels=1,
    )
    assert figures.intersample_overs == many
    assert len(figures.events) == LISTED_EVENTS
    assert min(event.figure for event in figures.events) == pytest.approx(1.1)
    assert "strongest" in figures.reasons["events"]


def test_channels_are_called_by_their_layout() -> None:
    assert [channel_name(n, 6) for n in (0, 3, 5)] == ["left", "LFE", "right surround"]
    assert channel_name(3, 9) == "channel 4"


def test_notes_cut_off_hard_are_doubted() -> None:
    t = np.arange(6 * RATE) / RATE
    notes = 0.5 * np.sin(2 * np.pi * 220.0 * t) * ((t * 4) % 1.0 < 0.5)
    figures = events(notes[None])
    assert figures.dropouts >= 20
    assert "may be played" in figures.reasons["dropouts"]
