"""Variants in one run: each is, to the bit, what a run of its own gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.effects.base import BlockContext, Context, Effect, Processor
from mixmaster.effects.compressor import Compressor
from mixmaster.effects.delay import Delay
from mixmaster.effects.gate import Gate
from mixmaster.engine.graph import Feed, Graph, Insert, Node
from mixmaster.engine.render import render, render_all
from mixmaster.engine.variants import Keep, Variants

RATE = 8_000
BLOCK = GRID_FRAMES
STEREO = ((1.0, 0.0), (0.0, 1.0))


class Noise:
    def __init__(self, seed: int, frames: int = 3 * BLOCK + 123) -> None:
        rng = np.random.default_rng(seed)
        # Loud and soft, so that dynamics move.
        swell = 0.5 + 0.5 * np.sin(np.arange(frames) / (300.0 + 50 * seed))
        self.samples = 0.4 * swell * rng.standard_normal((2, frames))

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


SOURCES = {name: Noise(seed) for seed, name in enumerate(("a", "b", "c"), start=1)}


def strip(name: str, *inserts: Effect, gain: float = 1.0) -> Node:
    post = ((gain, 0.0), (0.0, gain))
    return Node(name, 2, post, inserts=_inserts(name, inserts), has_source=True)


def bus(name: str, *feeds: Feed, inserts: Sequence[Effect] = ()) -> Node:
    return Node(name, 2, STEREO, feeds=feeds, inserts=_inserts(name, inserts))


def _inserts(name: str, effects: Sequence[Effect]) -> tuple[Insert, ...]:
    return tuple(Insert(f"{name}.insert.{n}", effect) for n, effect in enumerate(effects))


def graph(*nodes: Node) -> Graph:
    return Graph.build(list(nodes), "mix", RATE)


def alone(made: Graph) -> Block:
    sources = {name: SOURCES[name] for name in SOURCES if name in made.by_id}
    done = render(made, sources | SOURCES, threads=1, block_frames=BLOCK)
    return np.concatenate(list(done.blocks), axis=1)


def together(variants: Variants, threads: int = 2, blocks: int = 1) -> list[Block]:
    sources = SOURCES | {new: SOURCES[like] for new, like in variants.sources.items()}
    made = variants.graph()
    done = render_all(made, sources, threads=threads, block_frames=blocks * BLOCK)
    parts = list(done.blocks)
    return [np.concatenate([part[n] for part in parts], axis=1) for n in range(len(made.outputs))]


LATE = Gate(threshold_db=-30.0, lookahead_ms=2.0)
GLUE = Compressor(threshold_db=-24.0, ratio=4.0, attack_ms=3.0, release_ms=60.0)


def band(
    *,
    gain: float = 1.0,
    without: str = "",
    inserts: Sequence[Effect] = (GLUE,),
    late: Effect = LATE,
) -> Graph:
    """Three strips, of which one is late, a group of two, an echo that ducks, a mix bus."""
    strips = [strip("a", late), strip("b", gain=gain), strip("c")]
    there = [each.id for each in strips if each.id != without]
    echo = Delay(time_ms=40.0, feedback=0.3, mix=1.0, duck_db=6.0)
    group = bus("group", *(Feed(n) for n in there if n != "c"), inserts=[GLUE])
    back = bus("echo", *(Feed(n, gain=0.3) for n in there), inserts=[echo])
    ends = [Feed("group"), *([Feed("c")] if "c" in there else []), Feed("echo")]
    return graph(*strips, group, back, bus("mix", *ends, inserts=inserts))


@pytest.mark.parametrize("threads", [1, 3])
def test_variants_of_one_run_are_those_of_runs_of_their_own(threads: int) -> None:
    main = band()
    others = {
        "up": band(gain=1.12),
        "less": band(without="c"),
        "dry": band(inserts=()),
        "open": band(late=LATE.model_copy(update={"bypass": True})),
    }
    variants = Variants(main)
    at = {"main": variants.add_main()}
    at |= {name: variants.add(name, each, follows=False) for name, each in others.items()}
    got = together(variants, threads, blocks=threads)
    for name, each in {"main": main, **others}.items():
        wanted = alone(each)
        frames = wanted.shape[1]
        assert np.array_equal(got[at[name]][:, :frames], wanted), name
        assert np.abs(got[at[name]][:, frames:]).max(initial=0.0) < 1e-6


def test_what_variants_share_is_there_once() -> None:
    variants = Variants(band())
    variants.add_main()
    variants.add("less", band(without="c"), follows=False)
    variants.add("up", band(gain=1.12), follows=False)
    ids = [node.id for node in variants.graph().nodes]
    # Without c the group is the same; up is another fader, not another run of the strip.
    own = [name for name in ids if ":" in name]
    assert sorted(own) == ["less:echo", "less:mix", "up:b", "up:echo", "up:group", "up:mix"]
    assert not variants.graph().by_id["up:b"].inserts
    assert not variants.sources


def test_equal_variants_share_an_output() -> None:
    variants = Variants(band())
    first = variants.add("less", band(without="c"), follows=False)
    assert variants.add("again", band(without="c"), follows=False) == first
    assert len(variants.graph().outputs) == 1


def test_a_variant_that_follows_adds_up_with_the_rest() -> None:
    """Gains that follow are linear: without c, and c alone, are the whole."""
    main = band()
    only = graph(
        strip("c"),
        bus("echo", Feed("c", gain=0.3), inserts=[_echo(main)]),
        bus("mix", Feed("c"), Feed("echo"), inserts=[GLUE]),
    )
    variants = Variants(main)
    at = [variants.add_main(), variants.add("less", band(without="c"), follows=True)]
    at.append(variants.add("only", only, follows=True))
    whole, less, c = (together(variants)[n] for n in at)
    assert np.abs(whole).max() > 0.1
    assert np.abs(whole - less - c).max() < 1e-12
    # That is no small thing: what hears for itself does not add up.
    variants = Variants(main)
    at = [variants.add_main(), variants.add("less", band(without="c"), follows=False)]
    at.append(variants.add("only", only, follows=False))
    whole, less, c = (together(variants)[n] for n in at)
    assert np.abs(whole - less - c).max() > 1e-3


def only(name: str) -> Keep:
    """Return what keeps one strip, wherever it goes."""
    return lambda _node, feed: feed.source not in SOURCES or feed.source == name


def _echo(main: Graph) -> Effect:
    return main.by_id["echo"].inserts[0].settings


def test_parts_add_up_to_the_whole() -> None:
    main = band()
    variants = Variants(main)
    at = [variants.add_main(), *(variants.add_part(name, only(name)) for name in SOURCES)]
    whole, *parts = (together(variants)[n] for n in at)
    assert np.abs(whole - sum(parts)).max() < 1e-12
    assert min(np.abs(part).max() for part in parts) > 0.01


def test_parts_without_feeds_are_silent() -> None:
    variants = Variants(band())
    at = variants.add_part("none", lambda _node, _feed: False)
    assert not together(variants)[at].any()


class Clock(Effect):
    """A test effect: as loud as it is late in the session."""

    effect: str = "clock"

    def prepare(self, context: Context) -> Processor:
        return ClockProcessor()


class ClockProcessor(Processor):
    def process(self, block: Block, at: BlockContext) -> Block:
        frames = at.start_frame + np.arange(block.shape[1])
        return np.asarray(block * np.sin(frames / 50.0))


def test_parts_are_in_step_with_the_whole() -> None:
    """A swing counts frames; where a part has no late strip it must count from the same frame."""
    main = graph(
        strip("a", LATE), strip("b"), bus("mix", Feed("a"), Feed("b"), inserts=[Clock(), GLUE])
    )
    variants = Variants(main)
    at = [variants.add_main()]
    at += [variants.add_part(name, only(name)) for name in "ab"]
    whole, a, b = (together(variants)[n] for n in at)
    assert np.abs(whole - a - b).max() < 1e-12


def test_an_insert_that_is_bypassed_in_the_main_graph_leads_nobody() -> None:
    off = GLUE.model_copy(update={"bypass": True})
    main = band(inserts=(off,))
    variants = Variants(main)
    at = [variants.add_main(), variants.add("on", band(inserts=(GLUE,)), follows=True)]
    got = [together(variants)[n] for n in at]
    wanted = alone(band(inserts=(GLUE,)))
    assert np.array_equal(got[1][:, : wanted.shape[1]], wanted)


def test_unknown_nodes_are_the_variants_own() -> None:
    main = graph(strip("a"), bus("mix", Feed("a")))
    variants = Variants(main)
    other = graph(strip("a"), strip("b", GLUE), bus("mix", Feed("a"), Feed("b")))
    at = variants.add("more", other, follows=True)
    assert variants.sources == {"more:b": "b"}
    assert np.array_equal(together(variants)[at], alone(other))
    assert replace(variants.graph().by_id["more:b"], id="b", metered=True) == other.by_id["b"]
