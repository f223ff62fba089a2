"""The shipped mixes on the demo song: the voice in front, compressors at work, mono that holds.

What an engineer would respect, as figures: in the loud sections the lead vocal lies between 6 LU
under the rest and level with it; each compressor's 95th-percentile reduction is 1 to 8 dB; folded
down to mono the mix loses under 3 dB. And all of it still holds when every stem comes 12 dB
hotter or quieter, which is what gain staging is for.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.audio.sink import FileSpec, open_sink
from mixmaster.audio.source import open_source
from mixmaster.documents.finding import find_preset
from mixmaster.documents.loading import load
from mixmaster.effects.compressor import Compressor
from mixmaster.engine.render import render
from mixmaster.metering.loudness import BlockPowers, channel_weights, short_term_lufs
from mixmaster.mixing.plan import plan_mix
from mixmaster.mixing.preset import MixPreset

SONG = Path(__file__).parents[2] / "test_audio"
PRESETS = ("rock-band", "singer-songwriter", "electronic", "hip-hop")
LOUD_RANGE_LU = 3.0


@dataclass(frozen=True)
class Mixed:
    audio: Block
    sample_rate_hz: int
    reductions_db: dict[str, float]


@pytest.fixture(scope="module")
def moved_song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The song with every stem up or down by 12 dB, at random; float, so that nothing clips."""
    folder = tmp_path_factory.mktemp("moved")
    rng = np.random.default_rng(12)
    for path in sorted(SONG.glob("*.flac")):
        gain = 10.0 ** (rng.choice([-12.0, 12.0]) / 20.0)
        with open_source(path) as source:
            spec = FileSpec("wav", 32, source.sample_rate_hz, source.channels)
            with open_sink(folder / f"{path.stem}.wav", spec) as sink:
                for block in source.blocks():
                    sink.write(block * gain)
    return folder


def mixed(stems: Path, name: str, *overrides: str) -> Mixed:
    preset = load(MixPreset, find_preset("mix", name), overrides=overrides)
    plan = plan_mix([stems], preset, threads=2)
    rendering = render(plan.graph, plan.stems, threads=2)
    audio = np.concatenate(list(rendering.blocks), axis=1)
    compressors = {
        insert.id
        for node in plan.graph.nodes
        for insert in node.inserts
        if isinstance(insert.settings, Compressor)
    }
    reductions = {
        entry.id: entry.p95_db
        for row in rendering.bridge()
        for entry in row.reductions
        if entry.id in compressors
    }
    return Mixed(audio, plan.sample_rate_hz, reductions)


def short_term(audio: Block, sample_rate_hz: int) -> Block:
    meter = BlockPowers(sample_rate_hz, 2)
    meter.update(audio)
    return short_term_lufs(meter.powers, channel_weights(2))


def vocal_against_rest_lu(whole: Mixed, rest: Mixed) -> float:
    """Return the median over the loud sections; the vocal is what muting it takes away."""
    frames = min(whole.audio.shape[1], rest.audio.shape[1])
    vocal = whole.audio[:, :frames] - rest.audio[:, :frames]
    rate = whole.sample_rate_hz
    levels = [short_term(x, rate) for x in (whole.audio[:, :frames], vocal, rest.audio)]
    count = min(len(level) for level in levels)
    total, voice, others = (level[:count] for level in levels)
    loud = total > total.max() - LOUD_RANGE_LU
    return float(np.median(voice[loud] - others[loud]))


def mono_loss_db(audio: Block) -> float:
    mono = (audio[0] + audio[1]) / 2.0
    return float(10.0 * np.log10(np.mean(audio**2) / np.mean(mono**2)))


@pytest.mark.parametrize("moved", [False, True], ids=["as recorded", "every stem moved by 12 dB"])
@pytest.mark.parametrize("name", PRESETS)
def test_a_shipped_mix_holds_what_it_promises(name: str, moved: bool, moved_song: Path) -> None:
    stems = moved_song if moved else SONG
    whole = mixed(stems, name)
    rest = mixed(stems, name, "strip.lead_vocal.mute=true")
    assert -6.0 <= vocal_against_rest_lu(whole, rest) <= 0.0
    assert mono_loss_db(whole.audio) < 3.0
    assert whole.reductions_db
    astray = {i: round(db, 1) for i, db in whole.reductions_db.items() if not 1.0 <= db <= 8.0}
    assert not astray
