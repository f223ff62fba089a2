"""Presets whose routing or figures cannot be: named by key, with status 2, and nothing written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

HEAD = 'format = 1\nkind = "mix"\nname = "Wrong"\n[strip.a]\nmatch = ["a"]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'output = "drum"\n[bus.drums]\n',
            ["strip.a.output: no bus 'drum' (did you mean 'drums'?)"],
        ),
        (
            'output = "x"\n[bus.x]\noutput = "y"\n[bus.y]\n[[bus.y.send]]\nto = "x"\n',
            ["bus.y.send.x.to: the signal goes round in a circle: x -> y -> x"],
        ),
        (
            'output = "x"\n[bus.x]\n[[strip.a.insert]]\neffect = "compressor"\nkey = "x"\n',
            ["the signal goes round in a circle: a -> x -> a"],
        ),
        (
            "gain_db = nan\npan = 1.5\ntrim_db = inf\n",
            [
                "strip.a.gain_db: must be a finite number",
                "strip.a.pan: must be from -1 to 1, is 1.5",
                "strip.a.trim_db: must be a finite number",
            ],
        ),
        (
            '[[strip.a.insert]]\neffect = "compressor"\nkey = "kick"\nkey_position = "middle"\n',
            ["strip.a.insert.compressor.key_position: must be 'pre' or 'post', is text 'middle'"],
        ),
        (
            '[[strip.a.insert]]\neffect = "compressor"\nkey_position = "pre"\n',
            ["strip.a.insert.compressor.key_position: there is no key"],
        ),
    ],
    ids=["missing bus", "circle", "circle through a key", "figures", "position", "no key"],
)
def test_a_preset_that_cannot_be_is_refused_by_name(
    text: str, said: list[str], stem: Any, out: Path, mixmaster: Any
) -> None:
    preset = out.parent / "wrong.toml"
    preset.write_text(HEAD + text)
    found = mixmaster("mix", stem("a.wav"), "-p", preset, "-o", out / "mix.wav")
    assert found.status == 2
    assert "wrong.toml" in found.err
    for words in said:
        assert words in " ".join(found.err.split())
    assert not out.exists()
