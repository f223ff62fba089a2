"""Dynamics on a played kit and bass: what a mix engineer would say of them, in figures."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from tests.effects.driving import drive, level_db

from mixmaster.arrays import Block
from mixmaster.dsp.gating import Flags
from mixmaster.effects.base import Context, Effect
from mixmaster.effects.compressor import Compressor
from mixmaster.effects.gate import Gate
from mixmaster.effects.transient_shaper import TransientShaper
from mixmaster.song import drums, strings
from mixmaster.song.score import SAMPLE_RATE_HZ

STEP = SAMPLE_RATE_HZ // 50


@functools.cache
def kit() -> dict[str, Block]:
    return {
        name: track.reshape(1, -1) / np.abs(track).max() for name, track in drums.play().items()
    }


def run(effect: Effect, signal: Block) -> tuple[Block, Block]:
    return drive(effect.prepare(Context(SAMPLE_RATE_HZ, signal.shape[0])), signal)


def steps_db(signal: Block) -> Block:
    """The level of every 20 ms, in dB."""
    cut = signal[0, : signal.shape[1] // STEP * STEP].reshape(-1, STEP)
    return np.asarray(10.0 * np.log10(np.mean(cut**2, axis=1) + 1e-14))


@functools.cache
def tom_microphone() -> tuple[Block, Flags, Flags]:
    """What a tom's microphone hears, and when: the tom, and when: the rest of the kit."""
    tom = kit()["rack_tom"] * 0.5
    bleed = 0.04 * (kit()["snare"] + 0.5 * kit()["kick"] + 0.3 * kit()["hat"])
    tom_db, bleed_db = steps_db(tom), steps_db(bleed)
    hits = tom_db > -20.0
    rest = (tom_db < -100.0) & (bleed_db > -60.0)
    # The gate takes its time after the last of a tom.
    for late in range(1, 40):
        rest[late:] &= tom_db[:-late] < -100.0
    return tom + bleed, hits, rest


def test_a_gate_takes_the_bleed_out_of_a_tom_and_leaves_its_hits() -> None:
    signal, hits, rest = tom_microphone()
    out, _ = run(
        Gate(threshold_db=-22.0, range_db=40.0, hold_ms=120.0, release_ms=80.0, lookahead_ms=0.0),
        signal,
    )
    before_db, after_db = steps_db(signal), steps_db(out)
    assert hits.sum() > 10
    assert rest.sum() > 100
    assert np.median(before_db[rest] - after_db[rest]) == pytest.approx(40.0, abs=0.5)
    assert np.percentile(before_db[hits] - after_db[hits], 95) < 0.5


def test_an_expander_lowers_the_bleed_by_its_range_at_most() -> None:
    signal, hits, rest = tom_microphone()
    out, _ = run(Gate(threshold_db=-22.0, ratio=2.0, range_db=12.0, hold_ms=120.0), signal)
    taken_db = steps_db(signal) - steps_db(out)
    assert 6.0 < np.median(taken_db[rest]) <= 12.0 + 1e-6
    assert np.percentile(taken_db[hits], 95) < 0.5


def test_a_compressor_evens_a_bass_out() -> None:
    bass = strings.bass()[0].reshape(1, -1)
    bass = bass * (0.5 / np.abs(bass).max())
    effect = Compressor(threshold_db=-24.0, ratio=4.0, attack_ms=15.0, release_ms=120.0)
    played = steps_db(bass) > -30.0

    def spread_db(signal: Block) -> float:
        low, high = np.percentile(steps_db(signal)[played], [10, 90])
        return float(high - low)

    for auto in (False, True):
        out, gain = run(effect.model_copy(update={"auto_release": auto}), bass)
        assert spread_db(out) < 0.7 * spread_db(bass)
        assert level_db(gain.min()) < -6.0


@pytest.mark.parametrize("drum", ["kick", "snare", "rack_tom"])
def test_more_attack_makes_a_drum_peakier_and_less_makes_it_rounder(drum: str) -> None:
    signal = kit()[drum] * 0.3

    def crest_db(effect: TransientShaper) -> float:
        out, _ = run(effect, signal)
        return level_db(np.abs(out).max() / np.sqrt(np.mean(out**2)))

    plain_db = crest_db(TransientShaper())
    assert crest_db(TransientShaper(attack_db=9.0)) > plain_db + 0.5
    assert crest_db(TransientShaper(attack_db=-9.0, lookahead_ms=1.0)) < plain_db - 0.5
    assert crest_db(TransientShaper(sustain_db=-12.0)) > plain_db + 0.3


def test_an_automatic_release_gives_back_what_lies_between_the_kicks() -> None:
    """A bed under kicks: with a long release it is held down throughout, else it comes back."""
    kick = kit()["kick"]
    bed = 0.02 * np.sin(2.0 * np.pi * 700.0 / SAMPLE_RATE_HZ * np.arange(kick.shape[1]))
    between = steps_db(kick) < -60.0
    effect = Compressor(threshold_db=-24.0, ratio=6.0, attack_ms=2.0, release_ms=500.0)
    held, given = (
        run(effect.model_copy(update={"auto_release": auto}), kick + bed)[0]
        for auto in (False, True)
    )
    bed_db = np.median(steps_db(bed[None])[between])
    assert np.median(steps_db(held)[between]) < bed_db - 3.0
    assert np.median(steps_db(given)[between]) > bed_db - 1.0
