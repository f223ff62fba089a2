"""A small desk for tests: presets from text, signals from arrays, effects that show alignment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.documents.automation import AutomationLane
from mixmaster.documents.base import parameter
from mixmaster.documents.loading import load_text
from mixmaster.documents.tempo import TempoMap
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.effects.base import BlockContext, Context, Effect, Processor
from mixmaster.engine.graph import Graph
from mixmaster.engine.render import Passage, render
from mixmaster.mixing.automation import Song, resolve
from mixmaster.mixing.channels import Instance
from mixmaster.mixing.console import Console
from mixmaster.mixing.preset import MixPreset

RATE = 8_000


@dataclass
class ArraySource:
    """A signal that is all there."""

    samples: Block

    @property
    def frames(self) -> int:
        return int(self.samples.shape[1])

    def open_at(self, start_frame: int) -> Callable[[int], Block]:
        position = start_frame

        def read(frames: int) -> Block:
            nonlocal position
            part = self.samples[:, position : position + frames]
            position += frames
            return np.ascontiguousarray(part)

        return read


class Late(Effect):
    """A test effect: the identity, late by so many samples."""

    effect: Literal["late"] = "late"
    samples: int = 0

    def prepare(self, context: Context) -> Processor:
        return LateProcessor(context.channels, self.samples)


class LateProcessor(Processor):
    def __init__(self, channels: int, samples: int) -> None:
        self.latency_samples = samples
        self._delay = DelayLine(channels, samples)

    def process(self, block: Block, at: BlockContext) -> Block:
        return self._delay.process(block)


class Times(Effect):
    """A test effect: a gain that moves, and so shows where its automation lies; itself late."""

    blends_itself: ClassVar[bool] = True
    effect: Literal["times"] = "times"
    amount: float = parameter(1.0, "A factor.", low=-10.0, high=10.0, automatable=True)
    centre_hz: float = parameter(1000.0, "Not heard.", low=1.0, high=90_000.0, automatable=True)
    fixed: float = parameter(1.0, "Not automatable.")

    def prepare(self, context: Context) -> Processor:
        return TimesProcessor(self.amount, "amount" in context.automated)


class TimesProcessor(Processor):
    def __init__(self, amount: float, moves: bool) -> None:
        self._amount = amount
        self._moves = moves

    def process(self, block: Block, at: BlockContext) -> Block:
        assert set(at.automation) <= {"amount", "centre_hz"}
        return block * (at.automation["amount"] if self._moves else self._amount)


class KeyShows(Effect):
    """A test effect: the identity while the key is ``ratio`` times the block, else silence."""

    effect: Literal["key_shows"] = "key_shows"
    ratio: float = 1.0

    def prepare(self, context: Context) -> Processor:
        return KeyShowsProcessor(self.ratio)


class KeyShowsProcessor(Processor):
    def __init__(self, ratio: float) -> None:
        self._ratio = ratio

    def process(self, block: Block, at: BlockContext) -> Block:
        assert at.key is not None
        return np.where((at.key == self._ratio * block[0]).all(axis=0), block, 0.0)


class KeyAdds(Effect):
    """A test effect: adds its key, the mean of its channels."""

    effect: Literal["key_adds"] = "key_adds"

    def prepare(self, context: Context) -> Processor:
        return KeyAddsProcessor()


class KeyAddsProcessor(Processor):
    def process(self, block: Block, at: BlockContext) -> Block:
        assert at.key is not None
        return np.asarray(block + at.key.mean(axis=0))


class TempoShows(Effect):
    """A test effect: a hundredth of the tempo that it is told, whatever comes in."""

    effect: Literal["tempo_shows"] = "tempo_shows"
    follows_tempo = True

    def prepare(self, context: Context) -> Processor:
        return TempoShowsProcessor()


class TempoShowsProcessor(Processor):
    def process(self, block: Block, at: BlockContext) -> Block:
        assert at.automation["song_quarters"].shape == (block.shape[1],)
        return np.tile(0.01 * at.automation["tempo_bpm"], (len(block), 1))


def desk(text: str, inserts: Mapping[str, Sequence[Effect]] | None = None) -> MixPreset:
    """Return a preset, with test effects put on strips and buses: ``{"strip.a": [...]}``."""
    preset = load_text(MixPreset, f'format = 1\nkind = "mix"\nname = "Test"\n{text}')
    update: dict[str, Any] = {"strip": dict(preset.strip), "bus": dict(preset.bus)}
    for owner, effects in (inserts or {}).items():
        kind, _, name = owner.partition(".")
        if kind == "mix":
            update["mix"] = preset.mix.model_copy(update={"insert": tuple(effects)})
        else:
            held = update[kind][name]
            update[kind][name] = held.model_copy(update={"insert": tuple(effects)})
    return preset.model_copy(update=update)


def lane(target: str, *points: Sequence[Any], **more: Any) -> AutomationLane:
    """Return an automation lane."""
    return AutomationLane.model_validate({"target": target, "points": list(points), **more})


def instance(name: str, channels: int) -> Instance:
    """Return the instance of a stem: ``kick`` or, for one of several on a strip, ``toms/Tom 1``."""
    strip, _, stem = name.partition("/")
    return Instance(f"strip.{strip}/{stem or strip}", strip, channels)


def graph(
    preset: MixPreset,
    signals: Mapping[str, Block],
    lanes: Sequence[AutomationLane] = (),
    tempo_map: TempoMap | None = None,
) -> tuple[Graph, dict[str, ArraySource]]:
    """Return what the engine runs, and on what."""
    instances = {instance(n, len(signal)): ArraySource(signal) for n, signal in signals.items()}
    length_s = max(source.frames for source in instances.values()) / RATE
    tempo = tempo_map or TempoMap.constant(preset.tempo_bpm)
    song = Song(preset, [one.id for one in instances], tempo, RATE, length_s)
    moves = resolve(lanes, song, where="song.toml")
    console = Console(preset, list(instances), RATE, moves=moves, tempo_map=tempo_map)
    return console.graph(), {one.id: source for one, source in instances.items()}


def mixed(
    preset: MixPreset,
    signals: Mapping[str, Block],
    lanes: Sequence[AutomationLane] = (),
    *,
    tempo_map: TempoMap | None = None,
    passage: Passage | None = None,
    threads: int = 1,
    block_frames: int = 4 * GRID_FRAMES,
) -> Block:
    """Return the mix, ``(2, frames)``."""
    made, sources = graph(preset, signals, lanes, tempo_map)
    rendering = render(made, sources, passage=passage, threads=threads, block_frames=block_frames)
    return np.concatenate(list(rendering.blocks), axis=1)


def noise(channels: int, frames: int, seed: int = 1) -> Block:
    """Return noise of few bits, so that sums of copies are exact."""
    rng = np.random.default_rng(seed)
    return rng.integers(-1024, 1024, (channels, frames)) / 1024.0
