"""Stems that add up to their mix, and files of versions and stems as they are printed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.mixing.desk import lane
from tests.mixing.songs import (
    RATE,
    SECONDS,
    in_one_run,
    planned,
    preset,
    rendered,
    rms_dbfs,
    same,
    write,
)

from mixmaster.arrays import Block
from mixmaster.engine.render import Passage
from mixmaster.engine.variants import Variants
from mixmaster.errors import OutputError, RefusedError, SignalError
from mixmaster.mixing.plan import MixPlan, Section
from mixmaster.mixing.prints.printed import PrintRun, StemsWanted, Wanted
from mixmaster.mixing.prints.printing import print_mix
from mixmaster.mixing.prints.stem_groups import StemGroup, StemReturns, stem_groups
from mixmaster.mixing.prints.versions import chosen
from mixmaster.mixing.run import mix

DRIVE = '[[mix.insert]]\neffect = "saturation"\ndrive_db = 12.0\n'


@pytest.fixture(scope="module")
def stems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("song") / "stems")


def parts(plan: MixPlan, returns: StemReturns) -> tuple[Block, dict[str, Block]]:
    """Return the mix and its stems by name, all of one run, before anything is rounded."""
    variants = Variants(plan.graph)
    main = variants.add_main()
    groups = stem_groups(plan, returns)
    at = [variants.add_part(f"stem {group.name}", group.keep) for group in groups]
    outputs = in_one_run(plan, variants)
    names = [group.name for group in groups]
    assert len(set(names)) == len(names)
    return outputs[main], {name: outputs[n] for name, n in zip(names, at, strict=True)}


def named(groups: Sequence[StemGroup]) -> dict[str, tuple[str, ...]]:
    return {group.name: group.strips for group in groups}


def printed(
    plan: MixPlan, folder: Path, *names: str, stems: StemsWanted | None = None, **more: Any
) -> PrintRun:
    versions, _ = chosen(names or ["main"], plan.preset, {each.strip for each in plan.instances})
    return print_mix(plan, folder, Wanted(versions, stems, title="Song"), **more)


def read(path: Path) -> Block:
    samples, rate = sf.read(path, dtype="float64", always_2d=True)
    assert rate == RATE
    return np.ascontiguousarray(samples.T)


def manifest(path: Path) -> Any:
    return json.loads(path.with_name(f"{path.name}.json").read_bytes())


# ---------------------------------------------------------------- sums


@pytest.mark.parametrize("returns", ["with_groups", "own"])
def test_stems_add_up_to_the_mix(stems: Path, returns: StemReturns) -> None:
    """Through compressors on groups and mix, an EQ and an echo that ducks, to rounding."""
    plan = planned(stems)
    whole, each = parts(plan, returns)
    assert same(whole, rendered(plan))
    assert rms_dbfs(whole) > -40.0
    assert rms_dbfs(whole - sum(each.values())) < -250.0


def test_a_stem_is_its_group_with_its_echo_through_the_gains_of_the_mix(stems: Path) -> None:
    """Without dynamics on buses and mix a stem is the long way: the mix of its group, soloed."""
    still = [
        f"{node}.insert.compressor.bypass=true" for node in ("bus.rhythm", "bus.voices", "mix")
    ]
    still.append("bus.room.insert.delay.duck_db=0.0")
    _, each = parts(planned(stems, preset(changes=still)), "with_groups")
    for group in ("rhythm", "voices"):
        alone = preset(changes=[*still, f"bus.{group}.solo=true"])
        assert same(each[group], rendered(planned(stems, alone))), group
    keys = preset(changes=[*still, "strip.keys.solo=true"])
    assert same(each["keys"], rendered(planned(stems, keys)))


def test_groups_are_what_feeds_the_mix(stems: Path) -> None:
    plan = planned(stems)
    groups = {
        "rhythm": ("bass", "drums"),
        "voices": ("backing_vocals", "lead_vocal"),
        "keys": ("keys",),
    }
    wet = {name: tuple(sorted(s)) for name, s in named(stem_groups(plan, "with_groups")).items()}
    assert wet == groups
    dry = {name: tuple(sorted(s)) for name, s in named(stem_groups(plan, "own")).items()}
    assert dry == {**groups, "room": ()}


def test_where_all_pass_one_bus_groups_are_what_feeds_it(stems: Path) -> None:
    more = '[bus.all]\n[[bus.all.insert]]\neffect = "compressor"\nthreshold_db = -30.0\n'
    buses = ["bus.rhythm", "bus.voices", "strip.keys"]
    plan = planned(stems, preset(more, [f'{each}.output="all"' for each in buses]))
    assert set(named(stem_groups(plan, "with_groups"))) == {"rhythm", "voices", "keys"}
    assert set(named(stem_groups(plan, "own"))) == {"rhythm", "voices", "keys", "room"}
    for returns in ("with_groups", "own"):
        whole, each = parts(plan, returns)
        assert rms_dbfs(whole - sum(each.values())) < -250.0


def test_a_strip_and_a_bus_of_one_name_are_two_stems(stems: Path) -> None:
    plan = planned(stems, preset("[bus.keys]\n", ['strip.bass.output="keys"']))
    assert set(named(stem_groups(plan, "with_groups"))) == {
        "rhythm", "bus_keys", "voices", "strip_keys",
    }  # fmt: skip


def test_a_bus_that_is_called_residual_is_no_residual(stems: Path, tmp_path: Path) -> None:
    plan = planned(stems, preset("[bus.residual]\n", ['strip.keys.output="residual"']))
    run = printed(plan, tmp_path, stems=StemsWanted(residual="always"))
    assert [each.name for each in run.stems] == ["rhythm", "voices", "bus_residual", "residual"]


def test_what_is_muted_or_heard_by_detectors_alone_is_no_stem(stems: Path) -> None:
    plan = planned(stems, preset(changes=["strip.drums.mute=true", "bus.voices.mute=true"]))
    assert named(stem_groups(plan, "own")) == {"rhythm": ("bass",), "keys": ("keys",)}
    whole, each = parts(plan, "own")
    assert rms_dbfs(whole - sum(each.values())) < -250.0


@given(
    outputs=st.lists(st.sampled_from(["mix", "rhythm", "voices"]), min_size=3, max_size=3),
    sends=st.lists(st.sampled_from(["", "room", "side", "mix"]), min_size=3, max_size=3),
    nested=st.booleans(),
    returns=st.sampled_from(["with_groups", "own"]),
)
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_stems_of_any_routing_add_up(
    stems: Path, outputs: list[str], sends: list[str], *, nested: bool, returns: StemReturns
) -> None:
    names = ("bass", "keys", "backing_vocals")
    more = (
        "[bus.side]\noutput = 'rhythm'\n"
        "[[bus.side.insert]]\neffect = 'multiband'\n"
        "bands = [{ up_to_hz = 800.0, threshold_db = -40.0, ratio = 4.0 }, "
        "{ threshold_db = -40.0, ratio = 3.0 }]\n"
    )
    changes = [f'strip.{n}.output="{o}"' for n, o in zip(names, outputs, strict=True)]
    changes += ['bus.voices.output="rhythm"'] if nested else []
    for name, to in zip(names, sends, strict=True):
        more += f'[[strip.{name}.send]]\nto = "{to}"\ngain_db = -6.0\n' if to else ""
    more = more.replace(
        '[[strip.backing_vocals.send]]\nto = "room"\ngain_db = -6.0\n', ""
    )  # it has that send
    whole, each = parts(planned(stems, preset(more, changes)), returns)
    assert rms_dbfs(whole - sum(each.values())) < -250.0


def test_automation_moves_stems_as_it_moves_the_mix(stems: Path) -> None:
    lanes = [
        lane("strip.lead_vocal.gain_db", [0.0, -12.0], [1.5, 3.0]),
        lane("strip.drums.send.room.gain_db", [0.0, -30.0], [1.0, 0.0]),
        lane("bus.rhythm.gain_db", [0.0, 0.0], [1.0, -6.0]),
        lane("mix.insert.eq.bands.1.gain_db", [0.0, -6.0], [2.0, 6.0]),
        lane("mix.gain_db", [0.5, -6.0], [2.0, -30.0]),
    ]
    for returns in ("with_groups", "own"):
        whole, each = parts(planned(stems, lanes=lanes), returns)
        assert rms_dbfs(whole - sum(each.values())) < -240.0


DYNAMICS = {
    "dynamic_eq": "bands = [{ frequency_hz = 1000.0, threshold_db = -50.0, range_db = 12.0 }]",
    "compressor": "threshold_db = -30.0\nmix = 0.6\nmakeup_db = 3.0\nlookahead_ms = 2.0",
    "multiband": "bands = [{ up_to_hz = 500.0, threshold_db = -50.0, ratio = 3.0 }, {}]",
    "gate": "threshold_db = -12.0",
    "de_esser": "frequency_hz = 2500.0\nthreshold_db = -60.0\nrange_db = 12.0\nlookahead_ms = 1.0",
    "transient_shaper": "attack_db = 6.0\nsustain_db = -4.0",
    "limiter": "ceiling_dbtp = -25.0",
    "delay": "time_ms = 30.0\nduck_db = 6.0\namount = 0.5",
}


@pytest.mark.parametrize("effect", DYNAMICS)
def test_the_gain_of_any_dynamics_follows_the_mix(stems: Path, effect: str) -> None:
    table = f'[[mix.insert]]\nid = "x"\neffect = "{effect}"\n{DYNAMICS[effect]}\n'
    plan = planned(stems, preset(table))
    whole, each = parts(plan, "own")
    assert rms_dbfs(whole - sum(each.values())) < -240.0
    # It has work to do: what it hears counts.
    plain = rendered(planned(stems))
    frames = round(SECONDS * RATE)
    assert rms_dbfs(whole[:, :frames] - plain[:, :frames]) > -80.0


# ---------------------------------------------------------------- files


def test_stems_of_float_files_null_far_below_120(stems: Path, tmp_path: Path) -> None:
    run = printed(planned(stems), tmp_path / "out", stems=StemsWanted())
    assert run.sum is not None
    assert not run.sum.residual
    assert [each.file.name for each in run.stems] == [
        f"Song_{name}_8k32f.wav" for name in ("rhythm", "voices", "keys")
    ]
    mixed = read(run.versions[0].file)
    sum_of_files = sum(read(each.file) for each in run.stems)
    left = mixed - sum_of_files
    measured = 10.0 * np.log10(np.square(left).mean())
    assert measured < -150.0
    assert run.sum.null_rms_dbfs == pytest.approx(measured, abs=0.01)
    assert run.sum.null_peak_dbfs == pytest.approx(20.0 * np.log10(np.abs(left).max()), abs=0.01)
    assert run.warnings == ()
    for each in run.stems:
        said = manifest(each.file)
        assert said["kind"] == "stem"
        assert said["stem"]["name"] == each.name
        assert said["settings"]["stem"] == said["stem"]
        assert said["sum"]["null_rms_dbfs"] == run.sum.null_rms_dbfs
    assert manifest(run.versions[0].file)["sum"] == run.sum.to_json()


def test_stems_of_24_bit_add_up_within_their_dither(stems: Path, tmp_path: Path) -> None:
    """Each file has triangular dither of its own: sqrt(1/4) LSB RMS a file, added in power."""
    run = printed(planned(stems), tmp_path, stems=StemsWanted(), bit_depth=24)
    assert run.sum is not None
    lsb = 2.0**-23
    wanted = 10.0 * np.log10((len(run.stems) + 1) * lsb * lsb / 4.0)
    assert run.sum.null_rms_dbfs == pytest.approx(wanted, abs=0.2)
    assert not run.sum.residual


def test_a_residual_stem_makes_the_sum_exact_where_the_mix_is_driven(
    stems: Path, tmp_path: Path
) -> None:
    plan = planned(stems, preset(DRIVE))
    run = printed(plan, tmp_path, stems=StemsWanted())
    assert run.sum is not None
    assert run.sum.residual
    assert run.stems[-1].name == "residual"
    assert run.sum.missing_rms_dbfs is not None
    assert run.sum.missing_rms_dbfs > -80.0
    assert run.sum.null_rms_dbfs is not None
    assert run.sum.null_rms_dbfs < -150.0
    left = read(run.versions[0].file) - sum(read(each.file) for each in run.stems)
    assert rms_dbfs(left) < -150.0


def test_without_a_residual_one_is_told_what_is_missing(stems: Path, tmp_path: Path) -> None:
    run = printed(planned(stems, preset(DRIVE)), tmp_path, stems=StemsWanted(residual="never"))
    assert run.sum is not None
    assert not run.sum.residual
    assert not run.sum.holds
    assert run.sum.null_rms_dbfs == pytest.approx(run.sum.missing_rms_dbfs, abs=0.01)
    (text,) = run.warnings
    assert text.startswith(f"the stems miss the mix by {run.sum.null_rms_dbfs:.1f} dBFS RMS")
    assert "--stem-residual auto" in text


def test_a_residual_that_is_not_needed_comes_where_it_is_asked_for(
    stems: Path, tmp_path: Path
) -> None:
    run = printed(planned(stems), tmp_path, stems=StemsWanted(residual="always"))
    assert run.stems[-1].name == "residual"
    assert 0.0 < np.abs(read(run.stems[-1].file)).max() < 1e-12


def test_versions_and_stems_have_one_length_from_one_zero(stems: Path, tmp_path: Path) -> None:
    plan = planned(stems)
    run = printed(plan, tmp_path, "all", stems=StemsWanted("own"))
    assert [each.name for each in run.versions] == [
        "main", "instrumental", "tv", "a_cappella", "lead_up", "lead_down",
    ]  # fmt: skip
    frames = {sf.info(each.file).frames for each in (*run.versions, *run.stems)}
    assert len(frames) == 1
    assert frames.pop() == round(run.length_s * RATE) >= SECONDS * RATE
    lone = mix(planned(stems), tmp_path / "alone.wav").file
    alone, main = read(lone), read(run.versions[0].file)
    assert same(main, alone)
    for each in run.versions:
        said = manifest(each.file)
        assert said["kind"] == "mix"
        assert said["version"]["words"] == each.words
        assert said["settings"].get("version") == (None if each.name == "main" else said["version"])
    keys = {manifest(each.file)["key"] for each in (*run.versions, *run.stems)}
    assert len(keys) == len(run.versions) + len(run.stems)


def test_a_passage_of_versions_is_that_of_the_whole(stems: Path, tmp_path: Path) -> None:
    plan = planned(stems, section=Section(0.75, 1.5))
    assert plan.passage == Passage(6_000, 12_000)
    names = ("main", "instrumental")
    run = printed(plan, tmp_path / "part", *names, stems=StemsWanted())
    whole = printed(planned(stems), tmp_path / "whole", *names)
    for part, all_of_it in zip(run.versions, whole.versions, strict=True):
        left = read(part.file) - read(all_of_it.file)[:, 6_000:12_000]
        assert rms_dbfs(left) < rms_dbfs(read(part.file)) - 80.0
    assert run.sum is not None
    assert run.sum.null_rms_dbfs is not None
    assert run.sum.null_rms_dbfs < -150.0


def test_prints_are_the_same_bytes_for_any_threads(stems: Path, tmp_path: Path) -> None:
    made = []
    for threads in (1, 3):
        plan = planned(stems)
        plan.threads = threads
        run = printed(plan, tmp_path / str(threads), "all", stems=StemsWanted())
        files = [each.file for each in (*run.versions, *run.stems)]
        made.append([(each.name, each.read_bytes(), manifest(each)) for each in files])
    assert made[0] == made[1]


# ---------------------------------------------------------------- mistakes


def left_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_stem_that_would_clip_refuses_all(stems: Path, tmp_path: Path) -> None:
    loud = ["strip.keys.gain_db=24.0", "bus.voices.gain_db=24.0"]
    plan = planned(stems, preset(changes=loud))
    with pytest.raises(RefusedError, match=r"version 'main' peaks at \+"):
        printed(plan, tmp_path / "out", stems=StemsWanted(), bit_depth=24)
    assert not (tmp_path / "out").exists()


def test_a_strangers_file_is_found_before_any_work(
    stems: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stems").mkdir()
    (tmp_path / "stems" / "Song_keys_8k32f.wav").write_bytes(b"mine")
    monkeypatch.setattr("mixmaster.mixing.prints.printing.render_all", None)
    with pytest.raises(OutputError, match="it exists"):
        printed(planned(stems), tmp_path, stems=StemsWanted())
    assert left_in(tmp_path) == [tmp_path / "stems" / "Song_keys_8k32f.wav"]


def test_stems_do_not_go_among_those_they_are_made_from(stems: Path) -> None:
    before = left_in(stems.parent)
    with pytest.raises(OutputError, match="it holds the stems that the mix is made from"):
        printed(planned(stems), stems.parent, stems=StemsWanted())
    assert left_in(stems.parent) == before


def test_versions_that_are_the_same_are_said_to_be(tmp_path: Path) -> None:
    plan = planned(write(tmp_path / "no backing", ["Lead Vox", "Keys"]))
    run = printed(plan, tmp_path / "out", "instrumental", "tv")
    assert "in this song version 'tv' is the same as 'instrumental'" in run.notes
    assert run.versions[0].file.read_bytes() == run.versions[1].file.read_bytes()


def test_an_error_on_the_way_leaves_nothing(
    stems: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise SignalError("x", "is broken", 0.0)

    monkeypatch.setattr("mixmaster.mixing.prints.printing.measure_file", broken)
    with pytest.raises(SignalError):
        printed(planned(stems), tmp_path / "out", "all", stems=StemsWanted())
    assert not (tmp_path / "out").exists()
