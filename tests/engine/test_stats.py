"""The meter bridge's figures against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.engine.graph import Node
from mixmaster.engine.stats import InsertStats, NodeStats

RATE = 48_000
BLOCK = 65_536


def tone(peak_dbfs: float, seconds: float = 3.0, channels: int = 1) -> Block:
    time = np.arange(round(seconds * RATE)) / RATE
    samples = 10.0 ** (peak_dbfs / 20.0) * np.sin(2.0 * np.pi * 997.0 * time)
    return np.tile(samples, (channels, 1))


def blocks(signal: Block) -> list[Block]:
    return [signal[:, at : at + BLOCK] for at in range(0, signal.shape[1], BLOCK)]


class TestNodeStats:
    def test_a_stereo_tone_reads_its_peak_level(self) -> None:
        # BS.1770-5: the same 997 Hz tone in both channels adds 3.01 dB to -3.01.
        node = Node("bus.x", channels=2, post=((1.0, 0.0), (0.0, 1.0)))
        stats = NodeStats(node, RATE)
        for block in blocks(tone(-20.0, channels=2)):
            stats.update_in(block)
            stats.update_out(block, block)
        row = stats.row(())
        assert row.in_lufs == pytest.approx(-20.0, abs=0.01)
        assert row.out_lufs == pytest.approx(-20.0, abs=0.01)
        assert row.in_peak_dbfs == pytest.approx(-20.0, abs=0.01)

    def test_head_gain_and_post_count_only_at_the_output(self) -> None:
        node = Node("strip.x/y", channels=1, post=((0.5,), (0.25,)), head_gain=-2.0)
        stats = NodeStats(node, RATE)
        for block in blocks(tone(-20.0)):
            stats.update_in(block)
            stats.update_out(block * -2.0, np.array([[0.5], [0.25]]) @ (block * -2.0))
        row = stats.row(())
        power = (2.0 * 0.5) ** 2 + (2.0 * 0.25) ** 2
        assert row.in_lufs == pytest.approx(-23.01, abs=0.01)
        assert row.in_peak_dbfs == pytest.approx(-20.0, abs=0.01)
        assert row.out_lufs == pytest.approx(-23.01 + 10.0 * np.log10(power), abs=0.01)
        assert row.out_peak_dbfs == pytest.approx(-20.0, abs=0.01)  # 2 x 0.5 on the left

    def test_a_matrix_that_mixes_channels_is_measured_after_it(self) -> None:
        node = Node("bus.x", channels=2, post=((0.5, 0.5), (0.5, 0.5)))
        stats = NodeStats(node, RATE)
        signal = tone(-20.0, channels=2) * np.array([[1.0], [-1.0]])  # cancels in mono
        for block in blocks(signal):
            stats.update_in(block)
            stats.update_out(block, np.array(node.post) @ block)
        row = stats.row(())
        assert row.in_lufs == pytest.approx(-20.0, abs=0.01)
        assert row.out_lufs is None
        assert row.out_peak_dbfs is None

    def test_silence_has_no_level(self) -> None:
        stats = NodeStats(Node("mix", channels=2, post=((1.0, 0.0), (0.0, 1.0))), RATE)
        stats.update_in(np.zeros((2, RATE)))
        row = stats.row(())
        assert (row.in_lufs, row.in_peak_dbfs, row.out_lufs, row.out_peak_dbfs) == (None,) * 4


class TestInsertStats:
    def test_a_steady_reduction_is_its_mean_percentile_and_maximum(self) -> None:
        stats = InsertStats("x")
        for block in blocks(tone(-10.0)):
            stats.update(block, np.full(block.shape[1], 4.5))
        figures = stats.figures()
        assert (figures.mean_db, figures.p95_db, figures.max_db) == pytest.approx((4.5, 4.5, 4.5))

    def test_silence_between_phrases_says_nothing(self) -> None:
        stats = InsertStats("x")
        loud, silent = tone(-10.0, 2.0), np.zeros((1, 2 * RATE))
        for signal, reduction in ((loud, 6.0), (silent, 0.0), (loud, 6.0), (silent, 0.0)):
            stats.update(signal, np.full(signal.shape[1], reduction))
        assert stats.figures().mean_db == pytest.approx(6.0, abs=1e-9)

    def test_the_percentile_is_of_time(self) -> None:
        # 10 % of the time at 8 dB, the rest at 2: mean 2.6, 95th percentile 8.
        stats = InsertStats("x")
        reduction = np.full(10 * RATE, 2.0)
        reduction[:RATE] = 8.0
        stats.update(tone(-10.0, 10.0), reduction)
        figures = stats.figures()
        assert figures.mean_db == pytest.approx(2.6, abs=0.01)
        assert figures.p95_db == pytest.approx(8.0)
        assert figures.max_db == 8.0

    @pytest.mark.parametrize("pool", [1, 4, 64])
    def test_the_reduction_may_come_pooled(self, pool: int) -> None:
        stats = InsertStats("x")
        for block in blocks(tone(-10.0)):
            stats.update(block, np.full(block.shape[1] // pool, 3.0))
        assert stats.figures().mean_db == pytest.approx(3.0)

    def test_one_click_of_reduction_sets_the_maximum_alone(self) -> None:
        stats = InsertStats("x")
        reduction = np.zeros(3 * RATE)
        reduction[1000] = 12.0
        stats.update(tone(-10.0), reduction)
        figures = stats.figures()
        assert figures.max_db == 12.0
        assert figures.p95_db == 0.0
        assert figures.mean_db < 0.001

    def test_nothing_heard_is_no_reduction(self) -> None:
        assert InsertStats("x").figures().max_db == 0.0
        silent = InsertStats("x")
        silent.update(np.zeros((1, RATE)), np.zeros(RATE))
        assert silent.figures().mean_db == 0.0

    def test_the_loudest_channel_opens_the_gate(self) -> None:
        # A signal on the right alone is as active as one on the left.
        stats = InsertStats("x")
        signal = np.concatenate([np.zeros((1, 3 * RATE)), tone(-10.0)])
        stats.update(signal, np.full(3 * RATE, 5.0))
        assert stats.figures().mean_db == pytest.approx(5.0)
