"""The renderer hands over its blocks in order, however the threads race."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import numpy as np
import pytest

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.engine import render as renderer
from mixmaster.engine.graph import Feed, Graph, Node
from mixmaster.engine.render import render

RATE = 8_000
STEREO = ((1.0, 0.0), (0.0, 1.0))


class Ramp:
    """A source whose samples are their own positions."""

    frames = 6 * GRID_FRAMES

    def open_at(self, start_frame: int) -> Callable[[int], Block]:
        position = start_frame

        def read(frames: int) -> Block:
            nonlocal position
            stop = min(position + frames, self.frames)
            block = np.tile(np.arange(position, stop, dtype=np.float64), (2, 1))
            position = stop
            return block

        return read


class Eager(ThreadPoolExecutor):
    """A pool whose threads are always quicker than the one that gives them work."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **settings: Any) -> Future[Any]:
        future = super().submit(fn, *args, **settings)
        wait([future], timeout=0.03)  # some can not end before the giver lets go of its lock
        return future


@pytest.mark.parametrize("strips", [0, 1, 3])
def test_blocks_come_in_order_whoever_is_quicker(
    strips: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renderer, "ThreadPoolExecutor", Eager)
    names = [f"strip.{number}" for number in range(strips)]
    nodes = [Node(name, channels=2, post=STEREO, has_source=True) for name in names]
    feeds = tuple(Feed(name) for name in names)
    graph = Graph.build([*nodes, Node("mix", channels=2, post=STEREO, feeds=feeds)], "mix", RATE)
    sources = {name: Ramp() for name in (*names, "unheard")}
    rendering = render(graph, sources, threads=4, block_frames=GRID_FRAMES)
    out = np.concatenate(list(rendering.blocks), axis=1)
    np.testing.assert_array_equal(out[0], strips * np.arange(Ramp.frames))
