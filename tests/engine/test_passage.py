"""A passage sounds as in the whole session: states have settled when it begins."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.effects.base import Effect
from mixmaster.effects.compressor import Compressor
from mixmaster.effects.gate import Gate
from mixmaster.effects.limiter import Limiter
from mixmaster.engine.graph import Feed, Graph, Insert, Node
from mixmaster.engine.render import Passage, render

RATE = 8_000


class Falling:
    """Eight seconds of loud noise, then a tone 40 dB under it: every detector has to recover."""

    def __init__(self) -> None:
        rng = np.random.default_rng(3)
        time_s = np.arange(16 * RATE) / RATE
        self.samples = np.where(
            time_s < 8.0,
            rng.uniform(-1.0, 1.0, time_s.size),
            0.01 * np.sin(2.0 * np.pi * 440.0 * time_s),
        )[np.newaxis]

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


def rendered(effect: Effect, passage: Passage | None) -> Block:
    strip = Node(
        id="a",
        channels=1,
        post=((1.0,), (1.0,)),
        inserts=(Insert("a.insert", effect),),
        has_source=True,
    )
    mix = Node(id="mix", channels=2, post=((1.0, 0.0), (0.0, 1.0)), feeds=(Feed("a"),))
    graph = Graph.build([strip, mix], "mix", RATE)
    rendering = render(graph, {"a": Falling()}, passage=passage)
    return np.concatenate(list(rendering.blocks), axis=1)


@pytest.mark.parametrize(
    "effect",
    [
        Compressor(threshold_db=-30.0, ratio=8.0, attack_ms=20.0, release_ms=800.0),
        Compressor(threshold_db=-30.0, ratio=8.0, release_ms=400.0, detector="rms", rms_ms=100.0),
        Gate(threshold_db=-20.0, hold_ms=500.0, release_ms=700.0, range_db=30.0),
        Limiter(ceiling_dbtp=-6.0, release_ms=600.0),
    ],
    ids=lambda effect: f"{effect.effect}-{getattr(effect, 'detector', '')}",
)
def test_dynamics_have_settled_when_a_passage_begins(effect: Effect) -> None:
    start = round(8.05 * RATE)
    whole = rendered(effect, None)[:, start : start + RATE]
    part = rendered(effect, Passage(start, start + RATE))
    # The effect is still at work there, or the test would show nothing.
    dry = Falling().samples[:, start : start + RATE]
    assert np.abs(whole - dry).max() > 1e-3
    error = np.sqrt(np.mean((part - whole) ** 2)) / np.sqrt(np.mean(whole**2))
    assert error < 1e-4
