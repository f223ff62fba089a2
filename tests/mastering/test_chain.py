"""The chain keeps time and tails; the spool keeps what it is given."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from mixmaster.arrays import BLOCK_FRAMES, Block
from mixmaster.effects.limiter import CHARACTERS
from mixmaster.engine.stats import InsertStats
from mixmaster.errors import SignalError
from mixmaster.mastering.analysis import LoudnessModel, PoolPowers, late_peaks
from mixmaster.mastering.chain import Chain, convert_spool, spool_chain
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.programme import Drive, Programme
from mixmaster.mastering.spool import PoolFile, Spool
from mixmaster.metering.loudness import LoudnessMeter
from mixmaster.metering.true_peak import TruePeakMeter

RATE = 44_100
MakePreset = Callable[[str], MasteringPreset]


def cut(signal: Block) -> list[Block]:
    return [
        np.ascontiguousarray(signal[:, start : start + BLOCK_FRAMES])
        for start in range(0, signal.shape[1], BLOCK_FRAMES)
    ]


def run(preset: MasteringPreset, signal: Block, path: Path, threads: int = 2) -> Block:
    """The signal after the chain, as spooled."""
    spool = Spool(path, RATE, signal.shape[0])
    try:
        spool_chain(
            Chain(preset.chain(), RATE, signal.shape[0]),
            cut(signal),
            spool,
            gain=1.0,
            frames=signal.shape[1],
            dual_mono=False,
            threads=threads,
            progress=lambda _: None,
        )
        return np.concatenate(list(spool.blocks()), axis=1)
    finally:
        spool.close()


def test_latency_is_taken_off(preset: MakePreset, tmp_path: Path) -> None:
    signal = 0.1 * np.random.default_rng(1).standard_normal((2, 3 * BLOCK_FRAMES + 77))
    # A limiter and a saturation that have nothing to do, but are late all the same.
    idle = preset(
        '[[insert]]\neffect = "limiter"\nceiling_dbtp = 0.0\n'
        '[[insert]]\neffect = "limiter"\nid = "off"\nceiling_dbtp = -40.0\nbypass = true\n'
    )
    out = run(idle, signal, tmp_path / "spool")
    assert np.array_equal(out, signal.astype(np.float32))


def test_tails_are_kept_down_to_120_db(preset: MakePreset, tmp_path: Path) -> None:
    signal = np.zeros((1, RATE))
    signal[0, -1] = 1.0  # the very end, so that all of the ringing is tail
    ringing = preset(
        '[[insert]]\neffect = "eq"\n'
        'bands = [{ shape = "bell", frequency_hz = 100.0, gain_db = 12.0, q = 8.0 }]\n'
    )
    out = run(ringing, signal, tmp_path / "spool")[0]
    assert out.size > signal.shape[1] + 1_000
    assert np.abs(out[-1]) >= 1e-6
    # A resonance of Q 8 at 12 dB rings as exp(-pi f t / Q') with Q' = 8 to 16 (the bell's poles).
    assert out.size - signal.shape[1] < RATE


def test_an_insert_that_breaks_the_signal_is_named(preset: MakePreset, tmp_path: Path) -> None:
    signal = np.full((2, 1_000), 1e307)
    boost = preset(
        '[[insert]]\neffect = "eq"\nid = "boost"\n'
        'bands = [{ shape = "low_shelf", frequency_hz = 5000.0, gain_db = 36.0 }]\n'
    )
    with pytest.raises(SignalError, match=r"master\.insert\.boost"), np.errstate(all="ignore"):
        run(boost, signal, tmp_path / "spool")


def test_threads_do_not_matter(preset: MakePreset, tmp_path: Path) -> None:
    signal = np.random.default_rng(1).standard_normal((2, 4 * BLOCK_FRAMES + 5))
    chain = preset(
        '[[insert]]\neffect = "compressor"\nratio = 4.0\n'
        '[[insert]]\neffect = "limiter"\nceiling_dbtp = -3.0\n'
    )
    outs = [run(chain, signal, tmp_path / str(threads), threads) for threads in (1, 2)]
    assert np.array_equal(outs[0], outs[1])


def test_the_spool_keeps_blocks_of_any_length(tmp_path: Path) -> None:
    signal = np.random.default_rng(1).standard_normal((2, 2 * BLOCK_FRAMES + 1_000))
    spool = Spool(tmp_path / "spool", RATE, 2)
    for part in np.split(signal, [1, 70_000, 70_001, 131_072], axis=1):
        rounded = spool.write(part)
        assert np.array_equal(rounded, part.astype(np.float32))
    spool.finish()
    assert np.array_equal(np.concatenate(list(spool.blocks()), axis=1), signal.astype(np.float32))
    with pytest.raises(SignalError, match=r"infinity.* 2\.995 s"):
        spool.write(np.full((2, 10), 1e39) * (np.arange(10) >= 5))
    spool.truncate(BLOCK_FRAMES + 3)
    assert [block.shape[1] for block in spool.blocks()] == [BLOCK_FRAMES, 3]
    spool.close()
    assert not (tmp_path / "spool").exists()


def test_the_model_foretells_the_meters_figures(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    frames = 6 * RATE + 123
    signal = rng.standard_normal((2, frames)) * (0.05 + 0.1 * (np.arange(frames) // RATE % 2))
    spool = Spool(tmp_path / "spool", RATE, 2)
    powers, meter, peak = PoolPowers(RATE, 2), LoudnessMeter(RATE, 2), TruePeakMeter(RATE, 2)
    for block in cut(signal):
        written = spool.write(block)
        powers.update(written)
        meter.update(written)
        peak.update(written)
    spool.finish()
    for threads in (1, 3):
        with ThreadPoolExecutor(threads) as pool:
            late = late_peaks(spool, 0.0, pool, BLOCK_FRAMES)
        assert 20 * np.log10(late.highest) == pytest.approx(peak.result(), abs=1e-4)
    model = LoudnessModel(powers.result(), late, RATE, frames)
    loudness = meter.result().integrated_lufs
    assert model.loudness_lufs() == pytest.approx(loudness, abs=1e-3)
    # Far under the ceiling a gain is a gain.
    quiet, reduction = model.limited(-20.0, -1.0, CHARACTERS["loud"])
    assert loudness is not None
    assert quiet == pytest.approx(loudness - 20.0, abs=1e-3)
    assert reduction == 0.0
    # The first stage takes gain + true peak - ceiling off the highest peak.
    _, reduction = model.limited(12.0, -1.0, CHARACTERS["loud"])
    highest = peak.result()
    assert highest is not None
    assert reduction == pytest.approx(12.0 + highest + 1.0, abs=0.01)
    spool.close()


def test_conversion_keeps_level_and_length(tmp_path: Path) -> None:
    t = np.arange(2 * RATE)
    tone = 0.5 * np.sin(2 * np.pi * 1_000.0 * t / RATE)[None]
    spool, converted = Spool(tmp_path / "a", RATE, 1), Spool(tmp_path / "b", 48_000, 1)
    for block in cut(tone):
        spool.write(block)
    spool.finish()
    convert_spool(spool, converted, dual_mono=False, threads=2)
    assert converted.frames == 2 * 48_000
    out = np.concatenate(list(converted.blocks()), axis=1)[0]
    expected = 0.5 * np.sin(2 * np.pi * 1_000.0 * np.arange(out.size) / 48_000)
    assert np.abs(out - expected)[2_000:-2_000].max() < 1e-6
    spool.close()
    converted.close()


def test_a_limiter_without_work_is_left_out_to_the_bit(tmp_path: Path) -> None:
    """Whether it runs or not: what no peak passes comes out as gain times the chain's output."""
    rng = np.random.default_rng(4)
    signal = 0.1 * rng.standard_normal((2, 2 * BLOCK_FRAMES + 700))
    spool, powers = Spool(tmp_path / "spool", RATE, 2), PoolPowers(RATE, 2)
    for block in cut(signal):
        powers.update(spool.write(block))
    spool.finish()
    programme = Programme(spool, powers.result(), 2)
    highest = programme.true_peak()
    ballistics = CHARACTERS["transparent"]
    outs = []
    for ceiling in (1.001 * highest, 0.999 * highest):
        stats = InsertStats("limiter")
        drive = Drive(0.5, 0.5 * ceiling, ballistics)
        outs.append(np.concatenate(list(programme.through(drive, stats)), axis=1))
        assert (stats.figures().max_db > 0.0) == (ceiling < highest)
    assert np.array_equal(outs[0], signal.astype(np.float32) * 0.5)
    # A hair more and the limiter runs: far from the highest peak nothing has changed.
    same = np.mean(outs[1] == outs[0])
    assert 0.5 < same < 1.0
    spool.close()


def test_pools_kept_on_disk_are_those_written() -> None:
    pools = PoolFile()
    assert pools.size == 0
    assert pools[:].size == 0
    values = np.random.default_rng(2).random(10_000).astype(np.float32)
    for part in np.split(values, [1, 1, 4_096, 9_000]):
        pools.append(part)
    assert pools.size == values.size
    assert pools.highest == values.max()
    for kept in (slice(None), slice(3, 5_000), slice(9_999, 20_000), slice(20_000, 30_000)):
        assert np.array_equal(pools[kept], values[kept])
