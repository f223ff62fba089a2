"""``mixmaster effects`` and ``presets keys``, and the reference in docs/ that they print."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mixmaster.effects.base import Effect
from mixmaster.effects.compressor import Compressor
from mixmaster.effects.registry import EFFECTS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    ("file", "arguments"),
    [("effects.md", ("effects",)), ("documents.md", ("presets", "keys"))],
)
def test_the_reference_is_what_the_program_says(
    file: str, arguments: tuple[str, ...], mixmaster: Any
) -> None:
    printed = mixmaster(*arguments, "--markdown").out
    written = (DOCS / file).read_text(encoding="utf-8")
    assert written == printed, "make docs writes it anew"


def test_every_effect_is_listed_with_every_parameter(mixmaster: Any) -> None:
    listed = {each["effect"]: each for each in mixmaster("effects", "--json").json}
    assert list(listed) == [each.effect_name() for each in EFFECTS]
    for effect in EFFECTS:
        keys = {one["key"] for one in listed[effect.effect_name()]["parameters"]}
        assert keys >= set(effect.model_fields) - {"effect"}
        assert set(Effect.model_fields) <= keys


def test_what_is_said_is_what_presets_are_checked_against(mixmaster: Any) -> None:
    (said,) = mixmaster("effects", "compressor", "--json").json
    ratio = next(one for one in said["parameters"] if one["key"] == "ratio")
    schema = Compressor.model_json_schema()["properties"]["ratio"]
    assert (ratio["low"], ratio["high"]) == (schema["minimum"], schema["maximum"])
    assert ratio["meaning"] == schema["description"]
    assert float(ratio["default"]) == schema["default"]
    assert ratio["automatable"] is True


def test_every_parameter_says_what_it_is(mixmaster: Any) -> None:
    for document in mixmaster("presets", "keys", "--json").json:
        for key in document["keys"]:
            assert key["meaning"], (document["kind"], key["key"])
            assert key["takes"], (document["kind"], key["key"])


def test_a_wrong_name_gets_the_nearest(mixmaster: Any) -> None:
    run = mixmaster("effects", "compresser")
    assert run.status == 2
    assert "did you mean 'compressor'?" in run.err


def test_people_get_a_table(mixmaster: Any) -> None:
    said = mixmaster("effects", "gate").out
    assert "threshold_db" in said
    assert "As any insert" in said
    assert "integrated_lufs" in mixmaster("presets", "keys", "target").out
