"""Trying a shipped mix: what it makes of stems, as figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mixmaster.arrays import Block
from mixmaster.documents.finding import find_preset
from mixmaster.documents.loading import load
from mixmaster.effects.compressor import Compressor
from mixmaster.engine.render import render
from mixmaster.engine.stats import BridgeRow
from mixmaster.metering.loudness import (
    BlockPowers,
    channel_weights,
    integrated_lufs,
    short_term_lufs,
)
from mixmaster.metering.true_peak import TruePeakMeter
from mixmaster.mixing.plan import plan_mix
from mixmaster.mixing.preset import MixPreset

LOUD_RANGE_LU = 3.0


@dataclass(frozen=True)
class Mixed:
    """A mix that was made.

    Attributes:
        audio: The premaster.
        sample_rate_hz: Its rate.
        preset: What made it.
        rows: The meter bridge, by node.
        reductions_db: The 95th percentile of each compressor that hears its own signal.
        ducked_db: The same of those that have a key.
    """

    audio: Block
    sample_rate_hz: int
    preset: MixPreset
    rows: Mapping[str, BridgeRow]
    reductions_db: Mapping[str, float]
    ducked_db: Mapping[str, float]

    @property
    def lufs(self) -> float:
        """The integrated loudness."""
        return lufs_of(self.audio, self.sample_rate_hz)

    @property
    def true_peak_dbtp(self) -> float:
        """The true peak."""
        meter = TruePeakMeter(self.sample_rate_hz, 2)
        meter.update(self.audio)
        found = meter.result()
        assert found is not None
        return found

    def returns_lu(self) -> dict[str, float | None]:
        """Return how far each effect return lies under the mix; None for one that is not used."""
        sends = [send for strip in self.preset.strip.values() for send in strip.send]
        sends += [send for bus in self.preset.bus.values() for send in bus.send]
        named = sorted({send.to for send in sends})
        rows = {name: self.rows.get(f"bus.{name}") for name in named}
        levels = {name: None if row is None else row.out_lufs for name, row in rows.items()}
        return {name: None if at is None else self.lufs - at for name, at in levels.items()}


def mixed(stems: Path, name: str, *overrides: str) -> Mixed:
    """Mix a folder of stems through a shipped preset."""
    preset = load(MixPreset, find_preset("mix", name), overrides=overrides)
    plan = plan_mix([stems], preset, threads=2)
    rendering = render(plan.graph, plan.stems, threads=2)
    audio = np.concatenate(list(rendering.blocks), axis=1)
    rows = {row.id: row for row in rendering.bridge()}
    keyed = {
        insert.id: insert.key is not None
        for node in plan.graph.nodes
        for insert in node.inserts
        if isinstance(insert.settings, Compressor)
    }
    found = {
        entry.id: entry.p95_db
        for row in rows.values()
        for entry in row.reductions
        if entry.id in keyed
    }
    return Mixed(
        audio,
        plan.sample_rate_hz,
        preset,
        rows,
        {where: db for where, db in found.items() if not keyed[where]},
        {where: db for where, db in found.items() if keyed[where]},
    )


def _powers(audio: Block, sample_rate_hz: int) -> Block:
    meter = BlockPowers(sample_rate_hz, 2)
    meter.update(audio)
    return meter.powers


def lufs_of(audio: Block, sample_rate_hz: int) -> float:
    """Return the integrated loudness of a stereo signal."""
    found = integrated_lufs(_powers(audio, sample_rate_hz), channel_weights(2))
    assert found is not None
    return found


def taken_away(whole: Mixed, rest: Mixed) -> Block:
    """Return what ``rest`` lacks, effects included: a lead, where that is muted there."""
    frames = min(whole.audio.shape[1], rest.audio.shape[1])
    return whole.audio[:, :frames] - rest.audio[:, :frames]


def lead_against_rest_lu(whole: Mixed, rest: Mixed) -> float:
    """Return how far what was taken away lies over the rest: the median of the loud sections."""
    lead = taken_away(whole, rest)
    frames, rate = lead.shape[1], whole.sample_rate_hz
    parts = (whole.audio[:, :frames], lead, rest.audio)
    levels = [short_term_lufs(_powers(part, rate), channel_weights(2)) for part in parts]
    count = min(len(level) for level in levels)
    total, front, others = (level[:count] for level in levels)
    loud = total > total.max() - LOUD_RANGE_LU
    return float(np.median(front[loud] - others[loud]))


def mono_loss_db(audio: Block) -> float:
    """Return the power that is lost in (L + R) / 2."""
    mono = (audio[0] + audio[1]) / 2.0
    return float(10.0 * np.log10(np.mean(audio**2) / np.mean(mono**2)))
