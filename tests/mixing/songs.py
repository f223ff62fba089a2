"""A small band for tests of versions and stems: files, a preset, a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf

from mixmaster.arrays import Block
from mixmaster.documents.automation import AutomationLane
from mixmaster.documents.loading import load_text
from mixmaster.engine.graph import Graph
from mixmaster.engine.render import render, render_all
from mixmaster.engine.variants import Variants
from mixmaster.mixing.plan import MixPlan, plan_mix
from mixmaster.mixing.preset import MixPreset

RATE = 8_000
SECONDS = 2.0

BAND = """
format = 1
kind = "mix"
name = "Band"
tempo_bpm = 120.0

[strip.drums]
output = "rhythm"
[[strip.drums.send]]
to = "room"
gain_db = -12.0

[strip.bass]
output = "rhythm"
[[strip.bass.insert]]
effect = "compressor"
key = "drums"
threshold_db = -30.0
ratio = 3.0

[strip.lead_vocal]
output = "voices"
gain_db = -1.0
[[strip.lead_vocal.insert]]
effect = "compressor"
threshold_db = -26.0
ratio = 4.0
lookahead_ms = 2.0
[[strip.lead_vocal.send]]
to = "room"
gain_db = -6.0

[strip.backing_vocals]
output = "voices"
pan = 0.4
[[strip.backing_vocals.send]]
to = "room"
gain_db = -9.0

[strip.keys]
pan = -0.5

[bus.rhythm]
[[bus.rhythm.insert]]
effect = "compressor"
threshold_db = -24.0
ratio = 4.0
release_ms = 60.0

[bus.voices]
[[bus.voices.insert]]
effect = "compressor"
threshold_db = -28.0
ratio = 3.0

[bus.room]
[[bus.room.insert]]
effect = "delay"
time_ms = 45.0
feedback = 0.4
mix = 1.0
duck_db = 6.0

[vca.low]
members = ["drums", "bass"]

[mix]
gain_db = -6.0
[[mix.insert]]
effect = "eq"
bands = [{ shape = "high_shelf", frequency_hz = 2000.0, gain_db = 2.0 }]
[[mix.insert]]
effect = "compressor"
threshold_db = -20.0
ratio = 4.0
attack_ms = 5.0
release_ms = 80.0
"""

STEMS = {"Drums": 1, "Bass": 2, "Lead Vox": 3, "BGV": 4, "Keys": 5}
"""The stems' names, and the seeds of what is in them."""


def preset(more: str = "", changes: Sequence[str] = ()) -> MixPreset:
    """Return the band's preset with tables added and values changed."""
    return load_text(MixPreset, BAND + more, overrides=list(changes))


def write(folder: Path, names: Sequence[str] = tuple(STEMS)) -> Path:
    """Write stems into a folder: noise that swells, so that dynamics move; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    frames = round(SECONDS * RATE)
    for name in names:
        seed = STEMS[name]
        rng = np.random.default_rng(seed)
        swell = 0.5 + 0.5 * np.sin(np.arange(frames) / (200.0 * seed) + seed)
        sf.write(folder / f"{name}.wav", 0.2 * swell * rng.standard_normal(frames), RATE, "FLOAT")
    return folder


def planned(
    folder: Path,
    given: MixPreset | None = None,
    lanes: Sequence[AutomationLane] = (),
    **more: Any,
) -> MixPlan:
    """Return the plan of a folder's stems."""
    return plan_mix([folder], given or preset(), automation=lanes, threads=2, **more)


def rendered(plan: MixPlan, graph: Graph | None = None) -> Block:
    """Return a mix, or a version's, rendered by itself, ``(2, frames)``."""
    done = render(graph or plan.graph, plan.sources, threads=1)
    return np.concatenate(list(done.blocks), axis=1)


def in_one_run(plan: MixPlan, variants: Variants) -> list[Block]:
    """Return all outputs of a run."""
    again = {
        new: replace(plan.sources[like], notes=[], _open=[])
        for new, like in variants.sources.items()
    }
    done = render_all(variants.graph(), {**plan.sources, **again}, threads=2)
    parts = list(done.blocks)
    return [np.concatenate(each, axis=1) for each in zip(*parts, strict=True)]


def rms_dbfs(block: Block) -> float:
    """Return the RMS of a signal, dBFS; -400 for silence."""
    return float(10.0 * np.log10(np.square(block).mean() + 1e-40))


def same(a: Block, b: Block) -> bool:
    """Tell whether two mixes are the same to the bit, but for tails under -120 dBFS."""
    frames = min(a.shape[1], b.shape[1])
    rest = max(np.abs(each[:, frames:]).max(initial=0.0) for each in (a, b))
    return np.array_equal(a[:, :frames], b[:, :frames]) and rest < 1e-6
