"""Stems find their strips: the strongest pattern, ties, pairs, ids, and the shipped vocabulary."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.errors import DocumentError
from mixmaster.mixing.stem_names.names import Assignment, Stem, assign, spread_pans
from mixmaster.mixing.stem_names.patterns import compiled
from mixmaster.mixing.stem_names.roles import vocabulary

TABLE = Path(__file__).with_name("stem_names.csv")

DAISY_DAISY = {
    "01_Kick In": "kick",
    "02_Snare Top": "snare",
    "03_OH": "overheads",
    "04_Tom 1": "tom",
    "05_Tom 2": "tom",
    "06_Bass DI": "bass_di",
    "07_Bass Amp": "bass_amp",
    "08_EGtr L": "electric_guitar",
    "09_EGtr R": "electric_guitar",
    "10_EGtr Lead": "lead_guitar",
    "11_Lead Vox": "lead_vocal",
    "12_Lead Vox Dbl": "lead_vocal_double",
}


def roles() -> dict[str, tuple[str, ...]]:
    return {name: role.match for name, role in vocabulary().items()}


def stems(*names: str, folder: str = "stems") -> list[Stem]:
    return [Stem(Path(folder) / name) for name in names]


def home(assignment: Assignment, name: str) -> str:
    """Return the strip of a stem; what else became of it, if it has none."""
    for instance in assignment.instances:
        if any(stem.name == name for stem in instance.stems):
            return instance.strip
    return "tie" if any(tie.stem.name == name for tie in assignment.ties) else "unmatched"


def listed() -> list[tuple[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [(row["name"], row["role"]) for row in csv.DictReader(file)]


def test_names_as_engineers_write_them_find_their_role() -> None:
    names = listed()
    assert len(names) >= 200
    assert len({name for name, _ in names}) == len(names)
    found = [
        (name, home(assign(stems(name + ".wav"), roles()), name), role) for name, role in names
    ]
    wrong = [each for each in found if each[1] not in {each[2], "tie", "unmatched"}]
    assert wrong == []
    right = sum(got == role for _, got, role in found)
    assert right >= 0.98 * len(found)


def test_the_list_has_names_for_every_role() -> None:
    assert {role for _, role in listed()} == set(vocabulary())


def test_a_real_session_is_named_right_alone_and_together() -> None:
    together = assign(stems(*(name + ".flac" for name in DAISY_DAISY)), roles())
    assert {name: home(together, name) for name in DAISY_DAISY} == DAISY_DAISY
    pair = next(each for each in together.instances if len(each.stems) == 2)
    assert pair.id == "strip.electric_guitar/08_EGtr"
    assert [stem.name for stem in pair.stems] == ["08_EGtr L", "09_EGtr R"]
    for name, role in DAISY_DAISY.items():
        assert home(assign(stems(name + ".flac"), roles()), name) == role


@pytest.mark.parametrize("name", ["01_Kick In.wav", "BD.wav", "DRM_Kick.wav", "kick-in.flac"])
def test_the_kick_is_found_under_all_its_names(name: str) -> None:
    (instance,) = assign(stems(name), roles()).instances
    assert instance.strip == "kick"


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("kick", "01_Kick In", True),
        ("kick", "Kicking", False),
        ("kick*", "Kicking", True),
        ("kick in", "kickin", True),
        ("kick in", "Kick - In", True),
        ("kick in", "In Kick", False),
        ("kick in", "Kick Back In", False),
        ("t?m", "Tom", True),
        ("t?m", "Team", False),
        ("voc* verb", "Vocals Verb", True),
        ("voc* verb", "Vocals Plate Verb", False),
        ("*gtr", "EGtr 1", True),
        ("vox * dbl", "Vox Dbl", True),
        ("vox * dbl", "voxdbl", True),
        ("vox * dbl", "Vox Chorus High Dbl", True),
        ("vox * dbl", "Dbl Vox", False),
        ("vo* * dbl", "Vocals Chorus Dbl", True),
        ("vo* * dbl", "Dbl Vocals", False),
        ("* kick *", "Kick", True),
        ("kick in", "Kick 2 L In", True),
        ("kick in", "Kick 57 In", True),
        ("tom 1", "Tom 2", False),
        ("303", "Vocal 3_03", False),
        ("shaker", "Shakers", True),
        ("bas", "Bass", False),
        ("gtr", "GTRL", True),
        ("gtr", "gtrl", False),
        ("piano", "pianoleft", True),
        ("choeur", "Chœurs", True),
        ("{lead,ld} {vox,voc}", "Ld Voc 2", True),
        ("{lead,ld} vox", "Lead Voc", False),
        ("gtr{,s}", "Gtrs", True),
        ("D.I.", "Bass di", True),
        ("d i", "D.I.", True),
        ("*", "anything", True),
        ("*", "", True),
        ("BÀSS", "bass", True),
    ],
)
def test_a_pattern_matches_a_run_of_words(pattern: str, name: str, matches: bool) -> None:
    assignment = assign(stems(name + ".wav"), {"it": [pattern]})
    assert bool(assignment.instances) is matches


@pytest.mark.parametrize(
    ("pattern", "said"),
    [("", "empty"), ("--", "empty"), ("**", "no letter"), ("{a", "brace"), ("a}", "brace")],
)
def test_a_pattern_that_says_nothing_is_refused(pattern: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        compiled(pattern)


def test_braces_cannot_be_made_to_explode() -> None:
    with pytest.raises(ValueError, match="more than"):
        compiled("{a,b}" * 60)
    with pytest.raises(ValueError, match="more than"):
        compiled("{{a,b},{c,d}}" * 30)


@pytest.mark.parametrize(
    ("name", "strip"),
    [
        ("Bass Drum", "big"),  # ends where "dr*m" ends, and says more
        ("Drum Bass", "bass"),
        ("Kick Room", "room"),
        ("Room Kick", "kick"),
        ("Kick", "kick"),
        ("Drums", "drums"),
        ("Drums HH", "hat"),
        ("HH Drums", "hat"),  # a family gives way wherever it stands
        ("Drums Strings", "strings"),  # of two families, the last
        ("Reverb Kick", "verb"),  # what takes precedence does so wherever it stands
        ("Kick Reverb", "verb"),
        ("Reverb Guide", "guide"),  # of two that do, the last
        ("Zither", "other"),
    ],
)
def test_the_last_pattern_wins_then_the_longer_one(name: str, strip: str) -> None:
    strips = {
        "kick": ["kick"],
        "bass": ["bass"],
        "big": ["bass drum"],
        "any": ["dr*m"],
        "room": ["room"],
        "drums": ["~drums"],
        "strings": ["~strings"],
        "hat": ["hh"],
        "verb": ["!reverb"],
        "guide": ["!guide"],
        "other": ["*"],
    }
    found = assign(stems(name + ".wav"), strips)
    assert [each.strip for each in found.instances] == [strip]


@pytest.mark.parametrize("name", ["Audio 1_03", "Lead", "Main L", "Take 4", "Dbl", "Jared", "DI 2"])
def test_a_name_that_says_nothing_is_left_to_the_user(name: str) -> None:
    assert assign(stems(name + ".wav"), roles()).instances == ()


def test_a_tie_is_an_error_that_names_both() -> None:
    found = assign(stems("Room.wav"), {"near": ["r*m"], "far": ["ro*"]})
    assert found.instances == ()
    with pytest.raises(DocumentError) as caught:
        found.check("preset 'x'")
    assert "strip.near ('r*m') and strip.far ('ro*')" in str(caught.value)
    assert "Room.wav" in str(caught.value)


def test_a_stem_that_nothing_matches_names_the_nearest_strips() -> None:
    found = assign(stems("Kicck.wav", "Snare.wav"), {"kick": ["kick"], "snare": ["snare"]})
    assert [each.nearest for each in found.unmatched] == [("kick",)]
    with pytest.raises(DocumentError, match=r"Kicck\.wav: no strip matches .*nearest: strip\.kick"):
        found.check("preset 'x'")
    assign(stems("Snare.wav"), {"snare": ["snare"]}).check("preset 'x'")


def test_what_matches_nothing_is_reported() -> None:
    found = assign(stems("Kick.wav"), {"kick": ["kick", "bd"], "snare": ["snare"]})
    assert found.idle == ("snare",)
    assert found.idle_patterns == {"kick": ("bd",), "snare": ("snare",)}


def test_a_title_that_all_names_share_does_not_count() -> None:
    names = [f"Brass Monkey - {part}.wav" for part in ("Kick", "Snare", "Bass DI", "Lead Vox")]
    found = assign(stems(*names), roles())
    assert [each.strip for each in found.instances] == ["kick", "snare", "bass_di", "lead_vocal"]
    behind = [f"{part} - Brass Monkey.wav" for part in ("Kick", "Snare", "Bass DI", "Lead Vox")]
    assert [each.strip for each in assign(stems(*behind), roles()).instances] == [
        "kick",
        "snare",
        "bass_di",
        "lead_vocal",
    ]


def test_a_title_that_most_names_share_does_not_count() -> None:
    titled = {"Kick": "kick", "Snare": "snare", "808": "synth_bass", "Lead Vox": "lead_vocal"}
    names = [f"{part} - Tom Tuba.wav" for part in titled]
    found = assign(stems(*names, "BGV.wav"), roles())
    homes = {name.removesuffix(" - Tom Tuba"): home(found, name) for name in map(_bare, names)}
    assert homes == titled
    assert home(found, "BGV") == "backing_vocals"


def _bare(name: str) -> str:
    return name.removesuffix(".wav")


def test_a_shared_word_that_says_what_the_stems_are_does_count() -> None:
    names = ["Gtr Lead.wav", "Gtr Rhythm 1.wav", "Gtr Clean.wav", "Gtr 4.wav"]
    strips = [each.strip for each in assign(stems(*names), roles()).instances]
    assert sorted(strips) == ["electric_guitar"] * 3 + ["lead_guitar"]


# ---------------------------------------------------------------- pairs


def test_mono_halves_pair_and_take_the_left_ones_name() -> None:
    (pair,) = assign(stems("04_OH.R.wav", "03_OH.L.wav"), {"oh": ["oh"]}).instances
    assert pair.id == "strip.oh/03_OH"
    assert [stem.path.name for stem in pair.stems] == ["03_OH.L.wav", "04_OH.R.wav"]


def test_a_strip_may_keep_left_and_right_apart() -> None:
    found = assign(stems("OH.L.wav", "OH.R.wav"), {"oh": ["oh"]}, unpaired={"oh"})
    assert [each.id for each in found.instances] == ["strip.oh/OH.L", "strip.oh/OH.R"]


@pytest.mark.parametrize(
    ("one", "other", "noted"),
    [
        (Stem(Path("OH.L.wav"), 1, 48_000, 100), Stem(Path("OH.R.wav"), 1, 48_000, 99), True),
        (Stem(Path("OH.L.wav"), 1, 48_000, 100), Stem(Path("OH.R.wav"), 1, 44_100, 100), True),
        (Stem(Path("OH.L.wav"), 2, 48_000, 100), Stem(Path("OH.R.wav"), 2, 48_000, 100), False),
        (Stem(Path("OH.L.wav")), Stem(Path("OH 2.R.wav")), False),
        (Stem(Path("a/OH.L.wav")), Stem(Path("b/OH.R.wav")), False),
    ],
    ids=["length", "rate", "stereo", "base", "folder"],
)
def test_what_is_no_pair_stays_apart(one: Stem, other: Stem, noted: bool) -> None:
    found = assign([one, other], {"oh": ["oh"]})
    assert [len(each.stems) for each in found.instances] == [1, 1]
    assert bool(found.notes) is noted


def test_two_lefts_and_a_right_are_no_pair() -> None:
    found = assign(stems("OH L.wav", "OH_L.wav", "OH R.wav"), {"oh": ["oh"]})
    assert [len(each.stems) for each in found.instances] == [1, 1, 1]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("OHL", "OHR"),
        ("OH_L", "OH_R"),
        ("Room L", "Room R"),
        ("Piano Left", "Piano Right"),
        ("Keys-L", "Keys-R"),
        ("GTRL", "GTRR"),
        ("04_Gtr 2 L_01", "05_Gtr 2 R_01"),
    ],
)
def test_pairs_as_engineers_write_them(left: str, right: str) -> None:
    (pair,) = assign(stems(left + ".wav", right + ".wav"), roles()).instances
    assert [stem.name for stem in pair.stems] == [left, right]


# ---------------------------------------------------------------- ids


def test_ids_of_equal_names_stay_apart() -> None:
    given_stems = [
        Stem(Path("a/Kick.wav")),
        Stem(Path("b/Kick.wav")),
        Stem(Path("b/Kick.flac")),
        Stem(Path("x/b/Kick.wav")),
        Stem(Path("Kick 2.wav")),
    ]
    ids = [each.id for each in assign(given_stems, {"kick": ["kick"]}).instances]
    assert len(set(ids)) == 5
    assert "strip.kick/Kick 2" in ids
    assert "strip.kick/a/Kick.wav" in ids
    assert "strip.kick/x/b/Kick.wav" in ids


def test_a_file_given_twice_has_two_ids() -> None:
    ids = [each.id for each in assign(stems("Kick.wav", "Kick.wav"), {"k": ["kick"]}).instances]
    assert len(set(ids)) == 2


NAMES = st.lists(
    st.sampled_from(["Kick", "OH.L", "OH.R", "Kick In", "--help", "x\ny", "01", "é", "Snare"]),
    max_size=8,
)


@given(NAMES, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_stems_does_not_matter_and_every_stem_has_a_place(
    names: list[str], random: object
) -> None:
    given_stems = [Stem(Path(f"{n % 3}") / f"{name}.wav") for n, name in enumerate(names)]
    strips = {"kick": ["kick"], "oh": ["oh"], "rest": ["*"]}
    one = assign(given_stems, strips)
    shuffled = list(given_stems)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    other = assign(shuffled, strips)
    assert [(i.id, i.stems) for i in one.instances] == [(i.id, i.stems) for i in other.instances]
    placed = [stem for each in one.instances for stem in each.stems]
    assert sorted(map(str, (s.path for s in placed))) == sorted(str(s.path) for s in given_stems)
    assert len({each.id for each in one.instances}) == len(one.instances)
    assert all(each.id.isprintable() for each in one.instances)


@given(st.text(max_size=40))
@settings(max_examples=100, deadline=None)
def test_no_name_breaks_the_assignment(name: str) -> None:
    found = assign([Stem(Path(name + ".wav"))], roles())
    assert len(found.instances) + len(found.unmatched) + len(found.ties) == 1


# ---------------------------------------------------------------- spreading


@pytest.mark.parametrize(
    ("count", "pan", "spread", "pans"),
    [
        (0, 0.0, 1.0, []),
        (1, 0.3, 1.0, [0.3]),
        (2, 0.0, 0.6, [-0.6, 0.6]),
        (3, 0.0, 1.0, [-1.0, 0.0, 1.0]),
        (3, 0.5, 1.0, [-0.5, 0.5, 1.0]),
        (2, 0.2, 0.0, [0.2, 0.2]),
    ],
)
def test_several_stems_fill_the_field(
    count: int, pan: float, spread: float, pans: list[float]
) -> None:
    assert spread_pans(count, pan, spread) == pytest.approx(pans)
