"""The renderer: order, alignment, tails, and bytes that depend on nothing but the inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.effects.base import BlockContext, Context, Effect, Processor
from mixmaster.engine.graph import Feed, Graph, Insert, Node
from mixmaster.engine.render import Passage, render
from mixmaster.errors import SignalError, UsageError

RATE = 8_000
STEREO = ((1.0, 0.0), (0.0, 1.0))
MONO_TO_STEREO = ((1.0,), (1.0,))


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


class Echo(Effect):
    """A test effect: one echo at half level."""

    effect: Literal["echo"] = "echo"
    samples: int = 0

    def prepare(self, context: Context) -> Processor:
        return EchoProcessor(context.channels, self.samples)


class EchoProcessor(Processor):
    def __init__(self, channels: int, samples: int) -> None:
        self.tail_samples = samples
        self._delay = DelayLine(channels, samples)

    def process(self, block: Block, at: BlockContext) -> Block:
        return block + 0.5 * self._delay.process(block)


class KeyTimes(Effect):
    """A test effect: the block times its key."""

    effect: Literal["key_times"] = "key_times"

    def prepare(self, context: Context) -> Processor:
        return KeyTimesProcessor()


class KeyTimesProcessor(Processor):
    def process(self, block: Block, at: BlockContext) -> Block:
        assert at.key is not None
        return block * at.key


class Broken(Effect):
    """A test effect: one NaN at an absolute frame."""

    effect: Literal["broken"] = "broken"
    frame: int = 0

    def prepare(self, context: Context) -> Processor:
        return BrokenProcessor(self.frame)


class BrokenProcessor(Processor):
    def __init__(self, frame: int) -> None:
        self._frame = frame

    def process(self, block: Block, at: BlockContext) -> Block:
        index = self._frame - at.start_frame
        if 0 <= index < block.shape[1]:
            block = block.copy()
            block[0, index] = np.nan
        return block


@dataclass
class ArraySource:
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


def noise(channels: int, frames: int, seed: int = 1) -> Block:
    return np.random.default_rng(seed).uniform(-1.0, 1.0, (channels, frames))


def run(
    nodes: list[Node],
    sources: dict[str, Block],
    *,
    passage: Passage | None = None,
    threads: int = 2,
    block_frames: int = GRID_FRAMES,
) -> Block:
    graph = Graph.build(nodes, "mix", RATE)
    rendering = render(
        graph,
        {name: ArraySource(samples) for name, samples in sources.items()},
        passage=passage,
        threads=threads,
        block_frames=block_frames,
    )
    return np.concatenate(list(rendering.blocks), axis=1)


def strip(name: str, *inserts: Insert, channels: int = 1, gain: float = 1.0) -> Node:
    post = MONO_TO_STEREO if channels == 1 else STEREO
    return Node(
        id=name,
        channels=channels,
        post=tuple(tuple(g * gain for g in row) for row in post),
        inserts=inserts,
        has_source=True,
    )


def bus(name: str, *feeds: Feed, inserts: tuple[Insert, ...] = ()) -> Node:
    return Node(id=name, channels=2, post=STEREO, feeds=feeds, inserts=inserts)


def test_a_sum_without_effects_is_the_arithmetic_sum_and_no_longer() -> None:
    a, b = noise(1, 9_001), noise(2, 5_000, 2)
    out = run(
        [strip("a"), strip("b", channels=2), bus("mix", Feed("a"), Feed("b"))], {"a": a, "b": b}
    )
    expected = np.repeat(a, 2, axis=0)
    expected[:, :5_000] += b
    np.testing.assert_array_equal(out, expected)


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_every_path_of_a_random_graph_arrives_at_once(data: st.DataObject) -> None:
    """All nodes are identities, so each path from the source adds one aligned copy of it."""
    lateness = st.integers(0, 300)
    nodes = [strip("n0", Insert("n0.late", Late(samples=data.draw(lateness))))]
    copies = {"n0": 1}
    for index in range(1, data.draw(st.integers(2, 7))):
        name = "mix" if index == 6 else f"n{index}"
        chosen = data.draw(
            st.lists(st.sampled_from(sorted(copies)), min_size=1, max_size=3, unique=True)
        )
        feeds = tuple(
            Feed(
                source,
                point=data.draw(st.sampled_from(["pre", "post"])),
                matrix=None,
            )
            if source != "n0"
            else Feed(source)
            for source in chosen
        )
        inserts = tuple(
            Insert(
                f"{name}.late{i}",
                Late(samples=data.draw(lateness), bypass=data.draw(st.booleans())),
            )
            for i in range(data.draw(st.integers(0, 2)))
        )
        nodes.append(bus(name, *feeds, inserts=inserts))
        copies[name] = sum(copies[source] for source in chosen)
    last = nodes[-1].id
    nodes.append(bus("mix", Feed(last))) if last != "mix" else None
    x = noise(1, 6_000)
    out = run(nodes, {"n0": x})
    np.testing.assert_allclose(out, np.repeat(x, 2, axis=0) * copies[last], rtol=1e-12)


@pytest.mark.parametrize("key_late", [0, 137])
@pytest.mark.parametrize("audio_late", [0, 91])
def test_a_key_meets_its_audio_whoever_is_late(key_late: int, audio_late: int) -> None:
    a, b = noise(1, 5_000), noise(1, 5_000, 2)
    out = run(
        [
            strip(
                "a",
                Insert("a.late", Late(samples=audio_late)),
                Insert("a.key", KeyTimes(), key=(Feed("b", "pre"),)),
            ),
            strip("b", Insert("b.late", Late(samples=key_late))),
            bus("mix", Feed("a")),
        ],
        {"a": a, "b": b},
    )
    np.testing.assert_array_equal(out[0], (a * b)[0])


def test_a_tail_is_kept_to_its_last_frame_above_the_floor() -> None:
    x = np.zeros((1, 1_000))
    x[0, 990] = 1.0
    out = run([strip("a", Insert("a.echo", Echo(samples=20_000))), bus("mix", Feed("a"))], {"a": x})
    assert out.shape[1] == 990 + 20_000 + 1
    assert out[0, -1] == 0.5


def test_a_quiet_end_of_the_content_is_not_cut() -> None:
    x = np.zeros((1, 30_000))
    x[0, 0] = 1.0
    nodes = [strip("a", Insert("a.echo", Echo(samples=10))), bus("mix", Feed("a"))]
    assert run(nodes, {"a": x}).shape[1] == 30_000


@settings(deadline=None, max_examples=10)
@given(
    threads=st.integers(1, 4),
    grids=st.integers(1, 5),
    start=st.integers(0, 20_000),
)
def test_threads_blocks_and_passages_change_nothing(threads: int, grids: int, start: int) -> None:
    nodes = [
        strip("a", Insert("a.echo", Echo(samples=700)), Insert("a.late", Late(samples=33))),
        strip("b", Insert("b.late", Late(samples=5)), gain=0.3),
        bus("g", Feed("a"), Feed("b"), inserts=(Insert("g.echo", Echo(samples=999)),)),
        bus("mix", Feed("g"), Feed("a", gain=0.5), Feed("b")),
    ]
    sources = {"a": noise(1, 21_111), "b": noise(1, 13_131, 2)}
    whole = run(nodes, sources, threads=1, block_frames=16 * GRID_FRAMES)
    again = run(nodes, sources, threads=threads, block_frames=grids * GRID_FRAMES)
    np.testing.assert_array_equal(whole, again)
    part = run(nodes, sources, passage=Passage(start, start + 1_000), threads=threads)
    np.testing.assert_array_equal(
        whole[:, start : start + 1_000], part[:, : whole.shape[1] - start]
    )


def test_nan_names_the_insert_and_the_time() -> None:
    nodes = [strip("a", Insert("a.insert.broken", Broken(frame=6_000))), bus("mix", Feed("a"))]
    with pytest.raises(SignalError, match=r"a\.insert\.broken.*0\.750 s"):
        run(nodes, {"a": noise(1, 20_000)})


def test_a_circle_is_named_node_by_node() -> None:
    nodes = [bus("mix", Feed("x")), bus("x", Feed("y")), bus("y", Feed("x"))]
    with pytest.raises(UsageError, match="x -> y -> x"):
        Graph.build(nodes, "mix", RATE)


def test_a_wanted_delay_is_not_compensated() -> None:
    x = noise(1, 500)
    late = Node(id="a", channels=1, post=MONO_TO_STEREO, delay_samples=40, has_source=True)
    out = run([late, bus("mix", Feed("a"))], {"a": x})
    np.testing.assert_array_equal(out[0, 40:540], x[0])
    assert not out[:, :40].any()


def test_stopping_early_leaves_no_thread() -> None:
    import threading

    graph = Graph.build([strip("a"), bus("mix", Feed("a"))], "mix", RATE)
    rendering = render(graph, {"a": ArraySource(noise(1, 200_000))}, block_frames=GRID_FRAMES)
    next(rendering.blocks)
    rendering.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("render")]


class BlasThreads(Effect):
    """A test effect: the identity, noting how many threads BLAS may use."""

    effect: Literal["blas_threads"] = "blas_threads"
    seen: ClassVar[set[int]] = set()

    def prepare(self, context: Context) -> Processor:
        return BlasThreadsProcessor()


class BlasThreadsProcessor(Processor):
    def process(self, block: Block, at: BlockContext) -> Block:
        import threadpoolctl

        BlasThreads.seen |= {
            library["num_threads"]
            for library in threadpoolctl.threadpool_info()
            if library["user_api"] == "blas"
        }
        return block


def test_blas_keeps_to_one_thread_while_a_graph_runs() -> None:
    run([strip("a", Insert("a.blas", BlasThreads())), bus("mix", Feed("a"))], {"a": noise(1, 9)})
    assert BlasThreads.seen == {1}
