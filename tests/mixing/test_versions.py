"""Versions of a mix: each is what the long way gives, and what it leaves out is not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mixing.desk import lane
from tests.mixing.songs import in_one_run, planned, preset, rendered, rms_dbfs, same, write

from mixmaster.arrays import Block
from mixmaster.engine.variants import Variants
from mixmaster.errors import DocumentError, UsageError
from mixmaster.mixing.plan import MixPlan
from mixmaster.mixing.preset import Version
from mixmaster.mixing.prints.versions import (
    ALL,
    MAIN,
    NamedVersion,
    chosen,
    usual_versions,
    version_graph,
)

STRIPS = ("drums", "bass", "lead_vocal", "backing_vocals", "keys")
LIMITER = '[[mix.insert]]\neffect = "limiter"\nceiling_dbtp = -18.0\n'


@pytest.fixture(scope="module")
def stems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("song") / "stems")


def version(plan: MixPlan, name: str) -> NamedVersion:
    found, _ = chosen([name], plan.preset, {each.strip for each in plan.instances})
    return found[0]


def printed(plan: MixPlan, *versions: NamedVersion) -> list[Block]:
    """Return the main mix and versions of it, all of one run."""
    variants = Variants(plan.graph)
    at = [variants.add_main()]
    for each in versions:
        follows = each.settings.dynamics == "main"
        at.append(variants.add(each.name, version_graph(plan, each), follows=follows))
    outputs = in_one_run(plan, variants)
    return [outputs[each] for each in at]


# ---------------------------------------------------------------- each against the long way


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("instrumental", ["strip.lead_vocal.mute=true", "strip.backing_vocals.mute=true"]),
        ("tv", ["strip.lead_vocal.mute=true"]),
        ("a_cappella", ["strip.lead_vocal.solo=true", "strip.backing_vocals.solo=true"]),
        ("no_limiter", ["mix.insert.limiter.bypass=true"]),
    ],
)
def test_a_version_is_to_the_bit_the_mix_that_is_set_so(
    stems: Path, name: str, changes: list[str]
) -> None:
    plan = planned(stems, preset(LIMITER))
    main, got = printed(plan, version(plan, name))
    assert same(got, rendered(planned(stems, preset(LIMITER, changes))))
    assert same(main, rendered(plan))
    assert rms_dbfs(main - got) > -60.0


@pytest.mark.parametrize(("name", "gain_db"), [("lead_up", 0.0), ("lead_down", -2.0)])
def test_a_lead_up_or_down_is_its_fader_moved_by_a_decibel(
    stems: Path, name: str, gain_db: float
) -> None:
    plan = planned(stems)
    _, got = printed(plan, version(plan, name))
    assert plan.preset.strip["lead_vocal"].gain_db == -1.0
    wanted = rendered(planned(stems, preset(changes=[f"strip.lead_vocal.gain_db={gain_db}"])))
    assert np.abs(got - wanted).max() < 1e-12


def test_an_instrumental_is_the_mix_of_a_song_without_singers(stems: Path, tmp_path: Path) -> None:
    """No voice is left in a return: another song without the vocals' files sounds the same."""
    plan = planned(stems)
    _, got = printed(plan, version(plan, "instrumental"))
    silent = planned(write(tmp_path / "no vocals", ["Drums", "Bass", "Keys"]))
    assert same(got, rendered(silent))


def test_all_come_out_of_one_run_as_they_come_alone(stems: Path) -> None:
    plan = planned(stems, preset(LIMITER))
    versions, notes = chosen([ALL], plan.preset, STRIPS)
    assert [each.name for each in versions] == [
        "main", "instrumental", "tv", "a_cappella", "lead_up", "lead_down", "no_limiter",
    ]  # fmt: skip
    assert notes == ()
    variants = Variants(plan.graph)
    at = [variants.add(each.name, version_graph(plan, each), follows=False) for each in versions]
    outputs = in_one_run(plan, variants)
    assert len({output.shape for output in outputs}) == 1
    for each, place in zip(versions, at, strict=True):
        assert same(outputs[place], rendered(plan, version_graph(plan, each))), each.name
    # The strips run once: no version has one of its own but for its fader.
    assert not variants.sources


# ---------------------------------------------------------------- automation, time, dynamics


def test_automation_does_not_unmute_what_a_version_leaves_out(stems: Path) -> None:
    lanes = [
        lane("strip.lead_vocal.mute", [0.0, True], [0.5, False]),
        lane("strip.lead_vocal.gain_db", [0.0, -6.0], [1.5, 3.0]),
    ]
    plan = planned(stems, lanes=lanes)
    _, got, up = printed(plan, version(plan, "instrumental"), version(plan, "lead_up"))
    muted = ["strip.lead_vocal.mute=true", "strip.backing_vocals.mute=true"]
    assert same(got, rendered(planned(stems, preset(changes=muted))))
    lanes[1] = lane("strip.lead_vocal.gain_db", [0.0, -5.0], [1.5, 4.0])
    assert np.abs(up - rendered(planned(stems, lanes=lanes))).max() < 1e-12


@pytest.mark.parametrize(("start", "end"), [(0.5, 0.75), ("1:2.5", "1:3.5"), (0.0, 0.25)])
def test_a_timed_mute_is_a_mute_that_moves(
    stems: Path, start: float | str, end: float | str
) -> None:
    plan = planned(stems)
    timed = {"mute": ["lead_vocal"], "start": start, "end": end}
    clean = NamedVersion("clean", Version.model_validate({"timed_mute": [timed]}))
    main, got = printed(plan, clean)
    points = [[start, True], [end, False]]
    if start != 0.0:
        points.insert(0, [0.0, False])
    wanted = rendered(planned(stems, lanes=[lane("strip.lead_vocal.mute", *points)]))
    assert same(got, wanted)
    assert rms_dbfs(main - got) > -60.0


def test_words_of_several_singers_go_at_their_own_times(stems: Path) -> None:
    plan = planned(stems)
    timed = [
        {"mute": ["lead_vocal"], "start": 0.2, "end": 0.4},
        {"mute": ["lead_vocal", "bus.rhythm"], "start": 1.0, "end": 1.2},
    ]
    clean = NamedVersion("clean", Version.model_validate({"timed_mute": timed}))
    _, got = printed(plan, clean)
    words = [[0.0, False], [0.2, True], [0.4, False], [1.0, True], [1.2, False]]
    lanes = [
        lane("strip.lead_vocal.mute", *words),
        lane("bus.rhythm.mute", [0.0, False], [1.0, True], [1.2, False]),
    ]
    assert np.abs(got - rendered(planned(stems, lanes=lanes))).max() < 1e-12


def test_versions_that_follow_the_mix_add_up_to_it(stems: Path) -> None:
    """What is cut out of one is all that is in the other, gain reduction included."""
    plan = planned(stems)
    names = ("instrumental", "a_cappella")
    following = [
        NamedVersion(name, version(plan, name).settings.model_copy(update={"dynamics": "main"}))
        for name in names
    ]
    main, instrumental, vocals = printed(plan, *following)
    assert rms_dbfs(main - instrumental - vocals) < -250.0
    main, instrumental, vocals = printed(plan, *(version(plan, name) for name in names))
    assert rms_dbfs(main - instrumental - vocals) > -60.0  # those hear for themselves


@given(
    mute=st.sets(st.sampled_from([*STRIPS, "bus.voices", "bus.room"]), max_size=4),
    gains=st.dictionaries(
        st.sampled_from([*STRIPS, "vca.low", "bus.rhythm"]),
        st.floats(-12.0, 12.0).map(lambda x: round(x, 2)),
        max_size=3,
    ),
)
@settings(max_examples=12, deadline=None)
def test_any_mutes_and_gains_are_the_long_way(
    stems: Path, mute: set[str], gains: dict[str, float]
) -> None:
    plan = planned(stems)
    own = NamedVersion("own", Version(mute=tuple(sorted(mute)), gain_db=gains))
    _, got = printed(plan, own)
    table = {name if "." in name else f"strip.{name}": db for name, db in gains.items()}
    changes = [f"{name if '.' in name else f'strip.{name}'}.mute=true" for name in mute]
    for name, gain_db in table.items():
        kind, _, bare = name.partition(".")
        before = getattr(plan.preset, kind)[bare].gain_db
        changes.append(f"{name}.gain_db={before + gain_db!r}")
    wanted = rendered(planned(stems, preset(changes=changes)))
    frames = min(got.shape[1], wanted.shape[1])
    assert np.abs(got[:, :frames] - wanted[:, :frames]).max() < 1e-11


# ---------------------------------------------------------------- which there are


def test_what_the_usual_versions_are_follows_from_roles(stems: Path) -> None:
    plan = planned(stems)
    found = usual_versions(plan.preset, STRIPS)
    words = {
        name: NamedVersion(name, each).words
        for name, each in found.items()
        if isinstance(each, Version)
    }
    assert words == {
        "instrumental": "without lead_vocal, backing_vocals",
        "tv": "without lead_vocal",
        "a_cappella": "only lead_vocal, backing_vocals",
        "lead_up": "lead_vocal +1 dB",
        "lead_down": "lead_vocal -1 dB",
    }
    assert found["no_limiter"] == "the mix bus has no limiter"


def test_without_singers_there_is_no_instrumental(stems: Path) -> None:
    versions, notes = chosen([ALL], planned(stems).preset, {"drums", "bass"})
    assert [each.name for each in versions] == [MAIN]
    assert len(notes) == 6
    with pytest.raises(UsageError, match="no strip with the role of a vocal has a stem"):
        chosen(["instrumental"], planned(stems).preset, {"drums", "bass"})


def test_a_document_says_what_a_version_is_or_only_how(stems: Path) -> None:
    more = """
[version.instrumental]
dynamics = "main"
[version.tv]
mute = ["keys"]
[version.no_drums]
description = "To play along."
mute = ["drums"]
gain_db = { "vca.low" = 2.0, bass = -1.0 }
bypass = ["mix.insert.compressor"]
"""
    plan = planned(stems, preset(more))
    versions, _ = chosen(["no_drums", "instrumental", "tv"], plan.preset, STRIPS)
    assert [each.words for each in versions] == [
        "without drums; vca.low +2 dB; bass -1 dB; without the insert mix.insert.compressor",
        "without lead_vocal, backing_vocals; dynamics of buses and mix as in the main mix",
        "without keys",
    ]
    assert versions[0].to_json()["description"] == "To play along."
    assert chosen([ALL], plan.preset, STRIPS)[0][-1].name == "no_drums"


def test_a_version_may_leave_out_any_insert(stems: Path) -> None:
    """A strip that is processed otherwise runs a second time, from its file."""
    plan = planned(stems)
    bypass = ("strip.lead_vocal.insert.compressor", "bus.voices.insert.compressor")
    _, got = printed(plan, NamedVersion("raw", Version(bypass=bypass)))
    changes = [f"{address}.bypass=true" for address in bypass]
    assert same(got, rendered(planned(stems, preset(changes=changes))))


# ---------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ('mute = ["leed_vocal"]', "version.x.mute.1: no strip or bus 'leed_vocal'"),
        ('solo = ["nobody"]', "version.x.solo.1: no strip or bus 'nobody'"),
        ('mute = ["drums", "strip.drums"]', "version.x.mute.2: 'strip.drums' is listed twice"),
        ("gain_db = { bas = 1.0 }", "version.x.gain_db.bas: no strip or bus 'bas'"),
        ('gain_db = { "vca.lo" = 1.0 }', "version.x.gain_db.vca.lo: no VCA 'lo'"),
        ("gain_db = { bass = 60.0 }", "version.x.gain_db.bass"),
        ('bypass = ["mix.insert.limiter"]', "version.x.bypass.1: no insert 'mix.insert.limiter'"),
        ('dynamics = "both"', "version.x.dynamics"),
        ('timed_mute = [{ mute = ["drms"], start = 0, end = 1 }]', "timed_mute.1.mute.1"),
        ('timed_mute = [{ mute = ["drums"], start = 0 }]', "timed_mute.1.end"),
    ],
)
def test_mistakes_in_a_definition_are_named(table: str, problem: str) -> None:
    with pytest.raises(DocumentError) as error:
        preset(f"[version.x]\n{table}\n")
    assert problem in str(error.value)


@pytest.mark.parametrize("name", ["main", "all"])
def test_names_that_mean_something_are_taken(name: str) -> None:
    with pytest.raises(DocumentError, match=f"version.{name}: '{name}' means"):
        preset(f"[version.{name}]\n")


@pytest.mark.parametrize(
    ("start", "end", "key", "reason"),
    [
        (1.0, 0.5, "end", "lies before"),
        (1.0, 99.0, "end", "beyond the song's end"),
        (99.0, 100.0, "start", "beyond the song's end"),
        ("0:1", 1.0, "start", ""),
        ("1:9", 1.0, "start", ""),
        ("abc", 1.0, "start", ""),
    ],
)
def test_timed_mutes_outside_the_song_are_named(
    stems: Path, start: float | str, end: float, key: str, reason: str
) -> None:
    timed = {"mute": ["lead_vocal"], "start": start, "end": end}
    clean = NamedVersion("clean", Version.model_validate({"timed_mute": [timed]}))
    with pytest.raises(DocumentError) as error:
        version_graph(planned(stems), clean)
    found = error.value.problems[0]
    assert found.key == f"version.clean.timed_mute.1.{key}"
    assert reason in found.reason


@pytest.mark.parametrize(
    ("name", "hint"),
    [("instrumentl", "did you mean 'instrumental'?"), ("clean", "version.clean.timed_mute")],
)
def test_unknown_versions_are_named(stems: Path, name: str, hint: str) -> None:
    with pytest.raises(UsageError, match=f"no version '{name}'") as error:
        chosen([MAIN, name], planned(stems).preset, STRIPS)
    assert hint in error.value.hint
