"""Reading documents: every problem named by its key, hostile text refused."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

import pytest
from pydantic import Field, StringConstraints, model_validator

from mixmaster.documents.base import Document, MisfitError, Settings, items, parameter
from mixmaster.documents.loading import MAX_BYTES, load, load_text, parse_table, read_table
from mixmaster.documents.schema import schema
from mixmaster.errors import DocumentError, Problem


class Squeeze(Settings):
    effect: Literal["squeeze"] = "squeeze"
    id: str | None = None
    threshold_db: float = parameter(-20.0, "Where.", low=-60.0, high=0.0)
    ratio: float = parameter(2.0, "How much.", low=1.0)
    steps: int = 1


class Band(Settings):
    shape: Literal["bell", "low_shelf"] = "bell"
    gain_db: float = 0.0


class Tone(Settings):
    effect: Literal["tone"] = "tone"
    id: str | None = None
    bands: tuple[Band, ...] = items("The bands.", most=2)


Either = Annotated[Squeeze | Tone, Field(discriminator="effect")]
Name = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]*$")]


class Line(Settings):
    gain_db: float = parameter(0.0, "The fader.", low=-144.0, high=36.0)
    mute: bool = False
    rate: int | Literal["source"] = "source"
    insert: tuple[Either, ...] = items("The chain.")


class Span(Settings):
    low: float = 0.0
    high: float = 1.0

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low <= self.high:
            raise MisfitError([Problem("low", "is above high", "swap them")])
        return self


class Desk(Document):
    kind: Literal["desk"]
    line: dict[Name, Line] = Field(default_factory=dict)
    span: dict[str, Span] = Field(default_factory=dict)
    main: Line = Line()


HEAD = 'format = 1\nkind = "desk"\nname = "D"\n'


def problems(text: str) -> dict[str, Problem]:
    with pytest.raises(DocumentError) as caught:
        load_text(Desk, text, where="d.toml")
    assert caught.value.where == "d.toml"
    assert str(caught.value).startswith("d.toml: ")
    return {problem.key: problem for problem in caught.value.problems}


def test_a_document_loads_and_integers_stand_for_floats() -> None:
    desk = load_text(Desk, HEAD + "[line.kick]\ngain_db = -3\n")
    assert desk.line["kick"].gain_db == -3.0
    assert desk.main == Line()


SQUEEZE = '[[line.a.insert]]\neffect = "squeeze"\n'
TONE = '[[line.a.insert]]\neffect = "tone"\n'


@pytest.mark.parametrize(
    ("text", "key", "reason", "hint"),
    [
        ("[line.a]\ngian_db = 1", "line.a.gian_db", "no such key", "did you mean 'gain_db'?"),
        ("[line.a]\ngain = 1", "line.a.gain", "no such key", "did you mean 'gain_db'?"),
        ("[line.a]\ngain_db = 37", "line.a.gain_db", "must be from -144 to 36 dB, is 37", ""),
        (
            '[line.a]\ngain_db = "-3 dB"',
            "line.a.gain_db",
            "must be a number, is text '-3 dB'",
            "write -3, without quotes or dB",
        ),
        ("[line.a]\ngain_db = nan", "line.a.gain_db", "must be a finite number, is nan", ""),
        ("[line.a]\ngain_db = true", "line.a.gain_db", "must be a number, is true", ""),
        ("[line.a]\nmute = 1", "line.a.mute", "must be true or false, is 1", ""),
        ("[line.a]\ninsert = 3", "line.a.insert", "must be a list, is 3", ""),
        ("line.a = 3", "line.a", "must be a table, is 3", ""),
        (
            '[[line.a.insert]]\neffect = "squeze"',
            "line.a.insert.squeze",
            "no effect 'squeze'",
            "did you mean 'squeeze'?",
        ),
        (
            "[[line.a.insert]]\nratio = 2.0",
            "line.a.insert.1",
            "does not say which effect it is",
            'effect = "...": squeeze, tone',
        ),
        (
            SQUEEZE + SQUEEZE + "ratio = 0",
            "line.a.insert.squeeze2.ratio",
            "must be at least 1, is 0",
            "",
        ),
        (
            SQUEEZE + 'id = "glue"\nthreshold = -3',
            "line.a.insert.glue.threshold",
            "no such key",
            "did you mean 'threshold_db'?",
        ),
        (
            SQUEEZE + "steps = 1.5",
            "line.a.insert.squeeze.steps",
            "must be a whole number, is 1.5",
            "",
        ),
        (
            TONE + 'bands = [{}, { shape = "bel" }]',
            "line.a.insert.tone.bands.2.shape",
            "must be 'bell' or 'low_shelf', is text 'bel'",
            "did you mean 'bell'?",
        ),
        (
            TONE + "bands = [{}, {}, {}]",
            "line.a.insert.tone.bands",
            "must have at most 2 of them, has 3",
            "",
        ),
        (
            '[line.a]\nrate = "sauce"',
            "line.a.rate",
            "must be a whole number or 'source', is text 'sauce'",
            "",
        ),
        (
            '[line."Kick Drum"]',
            "line.Kick Drum",
            "'Kick Drum' cannot be a name here",
            "lower-case letters, digits and underscores, a letter first",
        ),
        ("colour = 3", "colour", "no such key", "known: "),
        ("[span.x]\nlow = 2.0", "span.x.low", "is above high", "swap them"),
    ],
)
def test_a_problem_names_its_key_and_what_would_be_right(
    text: str, key: str, reason: str, hint: str
) -> None:
    found = problems(HEAD + text)
    assert list(found) == [key]
    assert found[key].reason == reason
    assert found[key].hint.startswith(hint)
    assert bool(found[key].hint) == bool(hint)


def test_every_problem_is_reported_not_the_first_alone() -> None:
    found = problems(HEAD + "[line.a]\ngain_db = 99\nmut = true\n[line.b]\ngain_db = -200\n")
    assert list(found) == ["line.a.gain_db", "line.a.mut", "line.b.gain_db"]


def test_a_missing_key_says_what_it_is_for() -> None:
    found = problems('format = 1\nkind = "desk"\n')
    assert found["name"].reason == "is missing"
    assert found["name"].hint == "What people call it"


@pytest.mark.parametrize(
    ("head", "key", "reason"),
    [
        ('kind = "desk"\nname = "D"', "format", "is missing"),
        ('format = 2\nkind = "desk"', "format", "is written in format 2"),
        ('format = "1"\nkind = "desk"', "format", "must be 1, is text '1'"),
        ('format = true\nkind = "desk"', "format", "must be 1, is true"),
        ("format = 1", "kind", "is missing"),
        ('format = 1\nkind = "mastering"', "kind", "must be 'desk' here, is text 'mastering'"),
    ],
)
def test_the_head_is_checked_before_anything_else(head: str, key: str, reason: str) -> None:
    found = problems(head + "\nwrong = 1\n")
    assert list(found) == [key]
    assert reason in found[key].reason


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 1\na = 2\n", "line 2"),
        ("a = \n", "line 1"),
        ("a" * (MAX_BYTES + 1), "larger than"),
        ("x = " + "[" * 100_000, "nested too deeply"),
        ("x = " + "[" * 40 + "]" * 40, "nested too deeply"),
        (".".join("a" * 40) + " = 1", "nested too deeply"),
        # tomllib would take hours: it is quadratic in the parts of a dotted key.
        (".".join("a" * 120_000) + " = 1", "more than 256 dots"),
    ],
    ids=["twice", "no_value", "large", "brackets", "lists", "dotted", "dots"],
)
def test_text_that_is_no_document_is_refused(text: str, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        parse_table(text)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"format = 1\nname = \xff\xfe\n")
    with pytest.raises(DocumentError, match="line 2 is not UTF-8"):
        read_table(binary)
    with pytest.raises(DocumentError, match="does not exist"):
        read_table(tmp_path / "none.toml")
    with pytest.raises(DocumentError, match="is no file"):
        read_table(tmp_path)
    with pytest.raises(DocumentError, match=r"b\.toml"):
        read_table(Path("a\0b.toml"))


def test_a_byte_order_mark_and_windows_lines_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "d.toml"
    path.write_bytes(b"\xef\xbb\xbf" + (HEAD + "[line.a]\n").replace("\n", "\r\n").encode())
    assert list(load(Desk, path).line) == ["a"]


def test_the_schema_describes_what_the_model_declares() -> None:
    found = schema(Desk)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    line = found["$defs"]["Line"]
    assert line["additionalProperties"] is False
    assert line["properties"]["gain_db"]["description"] == "The fader."
    assert line["properties"]["gain_db"]["minimum"] == -144.0
    assert set(found["required"]) == {"format", "name", "kind"}
