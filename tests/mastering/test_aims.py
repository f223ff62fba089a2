"""Whatever loudness is wanted, and its constraints: met, or refused with a proposal."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixmaster.arrays import Block
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.results import MasterResult
from mixmaster.mastering.run import MasterOptions, NamedTarget, load_target, master

RATE = 44_100
MakeSong = Callable[..., Block]
Write = Callable[..., Path]
MakePreset = Callable[[str], MasteringPreset]
MakeTarget = Callable[..., NamedTarget]

LIMITER = '[[insert]]\neffect = "limiter"\n'
CEILING = "true_peak_dbtp = -1.0\n"


def loudest_3_s(path: Path) -> float:
    """The highest 3 s loudness, by windows of their own: pyloudnorm's K-weighting, 100 ms hops."""
    import pyloudnorm

    samples, rate = soundfile.read(path, always_2d=True)
    meter = pyloudnorm.Meter(rate, filter_class="DeMan")
    weighted = samples.copy()
    for stage in meter._filters.values():
        weighted = np.stack([stage.apply_filter(x) for x in weighted.T], axis=1)
    power = np.concatenate(([0.0], np.cumsum((weighted**2).sum(axis=1))))
    starts = np.arange(0, samples.shape[0] - 3 * rate + 1, rate // 10)
    means = (power[starts + 3 * rate] - power[starts]) / (3 * rate)
    return float(-0.691 + 10 * np.log10(means.max()))


@pytest.fixture
def one(
    write: Write, preset: MakePreset, tmp_path: Path
) -> Callable[[Block, NamedTarget, MasterOptions], MasterResult]:
    """A function that masters a signal for one target."""

    def one(signal: Block, place: NamedTarget, options: MasterOptions) -> MasterResult:
        chain = preset(LIMITER)
        (result,) = master(write(signal), chain, [place], tmp_path / "o", options).results
        return result

    return one


One = Callable[[Block, NamedTarget, MasterOptions], MasterResult]


@pytest.mark.parametrize("lufs", [-22.0, -12.0])  # pure gain, and well into the limiter
def test_the_loudest_3_s_can_be_asked_for(song: MakeSong, one: One, lufs: float) -> None:
    options = MasterOptions(short_term_lufs=lufs)
    result = one(song(10.0), load_target("youtube"), options)
    assert result.file is not None
    assert loudest_3_s(result.file) == pytest.approx(lufs, abs=0.05)
    assert result.wanted_lufs is None
    assert result.wanted_short_term_lufs == lufs
    assert result.after is not None
    assert result.after.true_peak_dbtp is not None
    assert result.after.true_peak_dbtp <= -1.0


def test_of_two_figures_the_stricter_counts(song: MakeSong, one: One) -> None:
    s1 = load_target("ebu-r128-s1")
    even = one(np.tile(song(4.0)[:, -RATE:], 8), s1, MasterOptions())
    assert even.after is not None
    assert even.after.integrated_lufs == pytest.approx(-23.0, abs=0.05)
    jumpy = song(24.0) * np.where(np.arange(24 * RATE) < 20 * RATE, 0.05, 1.0)
    loud = one(jumpy, s1, MasterOptions())
    assert loud.file is not None
    assert loud.after is not None
    assert loud.after.integrated_lufs is not None
    # Gating makes a short outburst most of the loudness; what is left shows which figure held.
    assert loudest_3_s(loud.file) <= -18.0 + 0.05
    assert loud.after.integrated_lufs <= -23.0 + 0.05
    met = (abs(loud.after.integrated_lufs + 23.0), abs(loudest_3_s(loud.file) + 18.0))
    assert min(met) < 0.05


def test_a_spot_that_cannot_have_both_is_made_quieter(
    song: MakeSong, one: One, target: MakeTarget
) -> None:
    both = target(f"integrated_lufs = -23.0\nshort_term_lufs = -24.0\n{CEILING}")
    result = one(song(10.0), both, MasterOptions())
    assert result.file is not None
    assert result.after is not None
    assert loudest_3_s(result.file) == pytest.approx(-24.0, abs=0.05)
    assert result.after.integrated_lufs is not None
    assert result.after.integrated_lufs < -23.5


def test_less_than_3_s_have_no_loudest(song: MakeSong, one: One) -> None:
    refused = one(song(2.0), load_target("youtube"), MasterOptions(short_term_lufs=-18.0))
    assert "shorter than 3 s" in refused.refused
    had = one(song(2.0), load_target("ebu-r128-s1"), MasterOptions())
    assert had.after is not None
    assert had.after.integrated_lufs == pytest.approx(-23.0, abs=0.05)


def proposal(refused: str) -> float:
    found = re.search(r"--loudness (-\d+\.\d)", refused)
    assert found is not None, refused
    return float(found[1])


def test_what_is_proposed_can_be_had(song: MakeSong, one: One) -> None:
    mix, place = song(6.0), load_target("youtube")
    for rule in ({"max_gain_reduction_db": 2.0}, {"min_plr_lu": 11.0}):
        asked = MasterOptions(loudness_lufs=-7.0, **rule)  # type: ignore[arg-type]
        refused = one(mix, place, asked)
        assert refused.file is None
        quieter = MasterOptions(loudness_lufs=proposal(refused.refused), **rule)  # type: ignore[arg-type]
        had = one(mix, place, quieter)
        assert had.file is not None, had.refused
        assert had.limiter is not None
        assert had.limiter.max_db > 0.5  # not simply far quieter


def test_a_plr_is_kept_by_the_finished_file(song: MakeSong, one: One) -> None:
    mix, place = song(6.0), load_target("youtube")
    refused = one(mix, place, MasterOptions(loudness_lufs=-8.0, min_plr_lu=11.0))
    assert "peak-to-loudness ratio" in refused.refused
    assert refused.figures is not None
    assert refused.figures["plr_lu"] == pytest.approx(7.0, abs=0.3)  # -1 dBTP less -8 LUFS
    assert refused.figures["reachable_lufs"] == pytest.approx(-12.0, abs=0.1)
    had = one(mix, place, MasterOptions(loudness_lufs=-12.1, min_plr_lu=11.0))
    assert had.plr_lu is not None
    assert had.plr_lu >= 11.0 - 0.05


def test_a_crushed_mix_is_told_that_no_limiter_can_help(song: MakeSong, one: One) -> None:
    crushed = np.clip(40.0 * song(4.0), -0.7, 0.7)  # about -3 LUFS
    refused = one(crushed, load_target("youtube"), MasterOptions(min_plr_lu=11.0))
    assert "before it is limited" in refused.refused
    assert refused.figures is not None
    assert refused.figures["unlimited_plr_lu"] < 8.0
    had = one(crushed, load_target("youtube"), MasterOptions())
    assert had.limiter is not None
    assert had.limiter.max_db == 0.0  # it is only turned down


def test_a_preset_and_a_target_may_have_a_plr_too(
    song: MakeSong, write: Write, preset: MakePreset, target: MakeTarget, tmp_path: Path
) -> None:
    mix = write(song(4.0))
    loud = f"integrated_lufs = -7.0\n{CEILING}"
    cases = [
        (preset(f"min_plr_lu = 12.0\n{LIMITER}"), target(loud)),
        (preset(LIMITER), target(f"min_plr_lu = 12.0\n{loud}")),
    ]
    for chain, place in cases:
        (result,) = master(mix, chain, [place], tmp_path / "o").results
        assert "12 is the least" in result.refused


def test_gain_only_brings_the_highest_peak_to_the_ceiling(song: MakeSong, one: One) -> None:
    mix = song(4.0)
    result = one(mix, load_target("vinyl"), MasterOptions())
    assert result.file is not None
    assert result.after is not None
    assert result.limiter is None
    assert result.after.true_peak_dbtp is not None
    assert -3.002 <= result.after.true_peak_dbtp <= -3.0
    assert result.gain_db is not None
    out = soundfile.read(result.file)[0].T
    # 24 bits, rounded and dithered: within 1.5 LSB of the mix times the gain.
    wanted = mix.astype(np.float32).astype(np.float64) * 10 ** (result.gain_db / 20)
    assert np.abs(out - wanted).max() <= 1.5 * 2.0**-23
    loud = one(mix, load_target("vinyl"), MasterOptions(loudness_lufs=-8.0))
    assert "nothing that was limited" in loud.refused
    had = one(mix, load_target("vinyl"), MasterOptions(loudness_lufs=proposal(loud.refused)))
    assert had.file is not None


def test_mono_goes_to_both_channels_where_a_place_takes_no_mono(song: MakeSong, one: One) -> None:
    import pyloudnorm

    result = one(
        song(5.0, channels=1), load_target("distributor"), MasterOptions(loudness_lufs=-14)
    )
    assert result.file is not None
    samples, rate = soundfile.read(result.file)
    assert samples.shape[1] == 2
    # Two channels of one signal, each dithered by itself.
    assert np.abs(samples[:, 0] - samples[:, 1]).max() <= 4 * 2.0**-15
    loudness = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(samples)
    assert loudness == pytest.approx(-14.0, abs=0.06)
