"""Masters of one mix made side by side are those made one by one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.engine.measuring import measure_file
from mixmaster.mastering.chain import ChainOutput
from mixmaster.mastering.family import Member, Tree, master_family
from mixmaster.mastering.job import open_mix
from mixmaster.mastering.options import MasterOptions, NamedTarget
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.run import load_preset, load_target, master
from mixmaster.mastering.spool import Spool

MakeSong = Callable[..., Block]
Write = Callable[..., Path]
MakePreset = Callable[[str], MasteringPreset]

HEAD = """input_lufs = -18.0
[[insert]]
effect = "eq"
bands = [{ shape = "high_pass", frequency_hz = 30.0 }]
"""
COMPRESSOR = '[[insert]]\neffect = "compressor"\nthreshold_db = -24.0\nratio = 2.0\n'
SATURATION = '[[insert]]\neffect = "saturation"\ndrive_db = 6.0\n'
LIMITER = '[[insert]]\neffect = "limiter"\n'


def members(presets: list[MasteringPreset], folder: Path) -> list[Member]:
    return [Member(f"v{i}", preset, folder / f"v{i}.wav") for i, preset in enumerate(presets)]


@pytest.mark.parametrize("threads", [1, 2])
def test_bytes_are_those_of_master(
    song: MakeSong, write: Write, preset: MakePreset, tmp_path: Path, threads: int
) -> None:
    mix = write(song(4.3))
    target = load_target("streaming")
    presets = [
        load_preset("transparent"),
        load_preset("warm"),
        load_preset("loud"),
        preset(HEAD + COMPRESSOR + LIMITER),
        preset(HEAD + COMPRESSOR + SATURATION + LIMITER),
        preset("integrated_lufs = -16.0\n" + LIMITER),
    ]
    results = master_family(
        open_mix(mix),
        measure_file(mix).figures,
        members(presets, tmp_path),
        target,
        options=MasterOptions(threads=threads),
    )
    for i, (each, result) in enumerate(zip(presets, results, strict=True)):
        run = master(mix, each, [target], tmp_path / f"alone{i}.wav")
        assert result.master.gain_db == run.results[0].gain_db
        alone = (tmp_path / f"alone{i}.wav").read_bytes()
        assert (tmp_path / f"v{i}.wav").read_bytes() == alone, each.name
        assert alone


def test_a_refusal_leaves_the_others(
    song: MakeSong,
    write: Write,
    preset: MakePreset,
    target: Callable[..., NamedTarget],
    tmp_path: Path,
) -> None:
    mix = write(song(2.0))
    named = target("integrated_lufs = -12.0\ntrue_peak_dbtp = -1.0\n")
    results = master_family(
        open_mix(mix),
        measure_file(mix).figures,
        members([preset(""), preset(LIMITER)], tmp_path),
        named,
    )
    assert "without a limiter" in results[0].master.refused
    assert not (tmp_path / "v0.wav").exists()
    assert results[1].master.file == tmp_path / "v1.wav"


def test_what_chains_have_in_common_runs_once(preset: MakePreset, tmp_path: Path) -> None:
    tree = Tree(44_100, 2, 1_000)
    chains = [
        preset(HEAD + COMPRESSOR),
        preset(HEAD + COMPRESSOR + SATURATION),
        preset(HEAD + SATURATION),
        preset(HEAD),
    ]
    spools = [Spool(tmp_path / str(i), 44_100, 2) for i in range(len(chains))]
    for chain, spool in zip(chains, spools, strict=True):
        tree.add(1.0, chain.chain(), ChainOutput(spool, 1_000, dual_mono=False))
    # eq, compressor, saturation behind it, saturation behind eq.
    assert tree.stages == 4
    tree.add(2.0, chains[3].chain(), ChainOutput(spools[3], 1_000, dual_mono=False))
    assert tree.stages == 5  # at another level nothing is in common
    for spool in spools:
        spool.close()


def test_progress_rises_to_the_end(
    song: MakeSong, write: Write, preset: MakePreset, tmp_path: Path
) -> None:
    mix = write(song(1.0))
    told: list[float] = []
    presets = [preset(f"integrated_lufs = {-20.0 - i}\n" + LIMITER) for i in range(10)]
    master_family(
        open_mix(mix),
        measure_file(mix).figures,
        members(presets, tmp_path),
        load_target("streaming"),
        progress=lambda _what, done: told.append(done),
    )
    assert np.all(np.diff(told) >= 0.0)
    assert told[-1] == 1.0
    assert len(list(tmp_path.glob("v*.wav"))) == 10
