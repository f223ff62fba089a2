"""A delivery limiter whose sides share but a part of their reduction: foretold as if all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.run import NamedTarget, master

RATE = 44_100


def test_loudness_and_ceiling_are_met_whatever_the_link(
    song: Callable[..., Block],
    write: Callable[..., Path],
    tmp_path: Path,
    preset: Callable[[str], MasteringPreset],
    target: Callable[..., NamedTarget],
) -> None:
    mix = song(6.0)
    mix[1] = np.roll(mix[1], RATE // 6)  # peaks on one side at a time
    path, reductions = write(mix), []
    for link in (0.0, 0.5, 1.0):
        result = master(
            path,
            preset(f'[[insert]]\neffect = "limiter"\nlink = {link}\n'),
            [target("integrated_lufs = -10.0\ntrue_peak_dbtp = -1.0\n")],
            tmp_path / str(link),
        ).results[0]
        assert result.after is not None
        assert result.after.integrated_lufs == pytest.approx(-10.0, abs=0.05)
        assert result.after.true_peak_dbtp is not None
        assert result.after.true_peak_dbtp <= -1.0
        assert result.limiter is not None
        reductions.append(result.limiter.max_db)
    # The less is shared, the less drive it takes to be as loud.
    assert reductions[0] < reductions[1] < reductions[2]
