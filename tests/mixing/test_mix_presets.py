"""The mix preset's model: what must fit together; and the presets that ship."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from mixmaster.documents.finding import list_presets, shipped_folder
from mixmaster.documents.loading import load, load_text
from mixmaster.documents.schema import schema
from mixmaster.errors import DocumentError
from mixmaster.mixing.preset import MixPreset
from mixmaster.mixing.stem_names.names import Stem, assign
from mixmaster.mixing.stem_names.roles import vocabulary

SHIPPED = sorted((shipped_folder() / "mix").glob("*.toml"))
HEAD = 'format = 1\nkind = "mix"\nname = "P"\n'
TABLE = Path(__file__).with_name("stem_names.csv")


def shipped(path: Path) -> MixPreset:
    return load(MixPreset, path)


def said(text: str) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        load_text(MixPreset, HEAD + text)
    return [f"{p.key} | {p.reason} | {p.hint}" for p in caught.value.problems]


STRIP = '[strip.a]\nmatch = ["a"]\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            STRIP + 'output = "drum"\n[bus.drums]',
            "strip.a.output | no bus 'drum' | did you mean 'drums'?",
        ),
        (
            STRIP + '[[strip.a.send]]\nto = "rom"\n[bus.room]',
            "strip.a.send.rom.to | no bus 'rom' | did you mean 'room'?",
        ),
        (
            STRIP + '[[strip.a.send]]\nto = "r"\n[[strip.a.send]]\nto = "r"\n[bus.r]',
            "strip.a.send | 2 sends go to 'r' | one is enough",
        ),
        (
            '[bus.drums]\noutput = "room"\n[bus.room]\n[[bus.room.send]]\nto = "drums"',
            "goes round in a circle: drums -> room -> drums",
        ),
        (
            '[bus.drums]\noutput = "drums"',
            "bus.drums.output | the signal goes round in a circle: drums -> drums | ",
        ),
        (
            STRIP + 'output = "b"\n[[strip.a.insert]]\neffect = "compressor"\nkey = "b"\n[bus.b]',
            "goes round in a circle: a -> b -> a",
        ),
        (
            STRIP + '[[strip.a.insert]]\neffect = "compressor"\nkey = "kik"\n[bus.kick]',
            "strip.a.insert.compressor.key | no strip or bus 'kik' | did you mean 'kick'?",
        ),
        (
            STRIP + '[bus.a]\n[vca.v]\nmembers = ["a"]',
            "vca.v.members.1 | 'a' is a strip and a bus | say strip.a or bus.a",
        ),
        (STRIP + '[vca.v]\nmembers = ["a", "a"]', "vca.v.members.2 | 'a' is listed twice | "),
        (
            STRIP + '[version.v]\nmute = ["strip.b"]',
            "version.v.mute.1 | no strip or bus 'strip.b' | ",
        ),
        (
            STRIP + 2 * '[[strip.a.insert]]\neffect = "eq"\nid = "x"\n',
            "strip.a.insert.x | 2 inserts have this id | give each its own id",
        ),
        (
            STRIP + '[[strip.a.insert]]\neffect = "eq"\nid = "my.eq"\n',
            "strip.a.insert.my.eq | 'my.eq' cannot be an id | ",
        ),
        ('[strip.mix]\nmatch = ["a"]', "strip.mix | 'mix' is the mix bus's own name | "),
        ("[bus.mix]", "bus.mix | 'mix' is the mix bus's own name | "),
        (
            '[strip.a]\nmatch = ["*"]\n[strip.b]\nmatch = ["*"]',
            "strip.b.match | strip 'a' is a catch-all too | one is all there can be",
        ),
        (
            '[strip.a]\nmatch = ["lead vox"]\n[strip.b]\nmatch = ["LeadVox"]',
            "strip.b.match | strip 'a' has the same patterns: 'leadvox' | ",
        ),
        (
            '[strip.a]\nroles = ["kick"]\n[strip.b]\nroles = ["kick"]',
            "strip.b.match | strip 'a' has the same patterns: ",
        ),
        ('[strip.a]\nroles = ["kik"]', "strip.a.roles.1 | no role 'kik' | did you mean 'kick'?"),
        ('[strip.a]\nmatch = ["{"]', "strip.a.match.1 | the pattern '{' has a brace"),
        ("[strip.snar]", "strip.snar | has neither match nor roles, and its name is no role | did"),
        (STRIP + "pan = 1.5", "strip.a.pan | must be from -1 to 1, is 1.5 | "),
        (STRIP + "input_lufs = 3", "strip.a.input_lufs | must be from -60 to 0 LUFS, is 3 | "),
    ],
)
def test_what_does_not_fit_together_is_named_by_its_key(text: str, problem: str) -> None:
    found = said(text)
    assert len(found) == 1
    assert problem in found[0]


def test_a_name_may_be_qualified_and_a_detector_may_name_its_own_strip() -> None:
    preset = load_text(
        MixPreset,
        HEAD
        + '[strip.bass]\nmatch = ["b"]\noutput = "bass"\n[bus.bass]\n'
        + '[[strip.bass.insert]]\neffect = "compressor"\nkey = "strip.bass"\n'
        + '[vca.low]\nmembers = ["strip.bass", "bus.bass"]\n',
    )
    assert preset.find("bass") == ["strip.bass", "bus.bass"]
    assert preset.find("bus.bass") == ["bus.bass"]
    assert preset.find("vca.low") == []


def test_a_strip_named_after_a_role_needs_no_patterns() -> None:
    preset = load_text(MixPreset, HEAD + '[strip.kick]\n[strip.x]\nmatch = ["zither"]\n')
    assert preset.patterns() == {"kick": vocabulary()["kick"].match, "x": ("zither",)}


def test_the_schema_says_what_every_key_means() -> None:
    found = schema(MixPreset)
    tables = [found, *(found["$defs"][name] for name in ("Strip", "Send", "Bus", "Vca", "MixBus"))]
    silent = [
        (table.get("title"), key)
        for table in tables
        for key, value in table["properties"].items()
        if not value.get("description")
    ]
    assert silent == []


# ---------------------------------------------------------------- what ships


def test_the_presets_that_were_promised_ship() -> None:
    assert {p.name for p in list_presets("mix") if p.origin == "shipped"} == {
        "acoustic",
        "electronic",
        "film-dialogue",
        "flat",
        "hip-hop",
        "jazz",
        "metal",
        "orchestral",
        "podcast",
        "pop",
        "rock-band",
        "singer-songwriter",
        "voice",
    }


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_preset_says_what_it_is_for_and_why(path: Path) -> None:
    preset = shipped(path)
    assert preset.description.endswith(".")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert sum(line.lstrip().startswith("#") for line in lines) >= 5
    # A choice that needs a reason has one beside it: as notes, or as a comment in its tables.
    processed = [name for name, strip in preset.strip.items() if len(strip.insert) > 1]
    for name in processed:
        start = lines.index(f"[strip.{name}]")
        end = next(
            (
                at
                for at, line in enumerate(lines[start + 1 :], start + 1)
                if line.startswith("[") and f"strip.{name}" not in line
            ),
            len(lines),
        )
        explained = any(
            line.lstrip().startswith(("#", "notes =")) and "----" not in line
            for line in lines[start:end]
        )
        assert explained, f"{path.stem}: strip.{name} does not say why"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_absolute_thresholds_stand_only_behind_gain_staging(path: Path) -> None:
    preset = shipped(path)
    for name, strip in preset.strip.items():
        if any(insert.model_dump().get("threshold_db") is not None for insert in strip.insert):
            assert strip.input_lufs is not None, f"strip.{name} is not staged"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_name_of_the_list_has_a_strip_in_every_shipped_preset(path: Path) -> None:
    preset = shipped(path)
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    roles = {role: name for name, strip in preset.strip.items() for role in strip.roles}
    # Seats of an orchestra and speakers of a podcast are finer than roles are.
    finer = {name for name, strip in preset.strip.items() if strip.match} - {"stem"}
    patterns = preset.patterns()
    for row in rows:
        found = assign([Stem(Path(row["name"] + ".wav"))], patterns)
        (home,) = (each.strip for each in found.instances)
        assert home == roles.get(row["role"], "stem") or home in finer, row


@pytest.mark.parametrize(
    ("preset", "name", "strip"),
    [
        ("orchestral", "01 Violins 1", "violins_1"),
        ("orchestral", "Vln II", "violins_2"),
        ("orchestral", "Second Violins spot", "violins_2"),
        ("orchestral", "Violas", "violas"),
        ("orchestral", "Vla section", "violas"),
        ("orchestral", "Celli section", "cellos"),
        ("orchestral", "Cellos", "cellos"),
        ("orchestral", "Contrabass", "basses"),
        ("orchestral", "F Horns", "horns"),
        ("orchestral", "French Horn 2", "horns"),
        ("orchestral", "Trombones", "brass"),
        ("orchestral", "Solo Cello", "soloist"),
        ("orchestral", "Decca Tree L", "mains"),
        ("orchestral", "Main Pair", "mains"),
        ("orchestral", "Timpani", "percussion"),
        ("orchestral", "Bass Clarinet", "woodwinds"),
        ("orchestral", "Choir", "choir"),
        ("podcast", "Host", "host"),
        ("podcast", "Co-Host", "co_host"),
        ("podcast", "Guest", "guest"),
        ("podcast", "Guest 2", "guest_2"),
        ("podcast", "Mic 3", "guest_2"),
        ("podcast", "Guest (remote)", "remote"),
        ("podcast", "Zoom Guest 1", "remote"),
        ("podcast", "Intro Music", "music"),
        ("film-dialogue", "DX", "dialogue"),
        ("film-dialogue", "Boom Mic 2", "dialogue"),
        ("film-dialogue", "Lav Anna", "dialogue"),
        ("film-dialogue", "MX", "music"),
        ("film-dialogue", "Score", "music"),
        ("film-dialogue", "Foley", "effects"),
        ("film-dialogue", "Room Tone", "ambience"),
        ("film-dialogue", "Walla", "crowd"),
    ],
)
def test_names_of_the_trade_find_their_strip(preset: str, name: str, strip: str) -> None:
    patterns = shipped(shipped_folder() / "mix" / f"{preset}.toml").patterns()
    (home,) = assign([Stem(Path(name + ".wav"))], patterns).instances
    assert home.strip == strip


def test_flat_does_nothing_but_sum() -> None:
    preset = shipped(shipped_folder() / "mix" / "flat.toml")
    (strip,) = preset.strip.values()
    assert preset.mix.pan_law == "unity"
    assert not preset.bus
    assert not preset.mix.insert
    assert not strip.insert
    assert not strip.send
    assert strip.input_lufs is None
    assert (strip.gain_db, strip.trim_db, strip.pan, strip.pair) == (0.0, 0.0, 0.0, False)
