"""Names as file systems allow them: nothing crashes, nothing is lost, nothing runs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

ODD = [
    "with space.wav",
    "mix [v2][red].wav",
    "[bold]loud.wav",
    "Ünïcödé – 混音.wav",
    "--help.wav",
    "$(touch x).wav",
    "new\nline.wav",
    "tab\tand \x1b[31mred.wav",
    "quote'\".wav",
    "100%.wav",
    "star*.wav",
    "-p",
]


def shown(name: str) -> str:
    return name.replace("\n", "\\n").replace("\t", "\\t").replace("\x1b", "\\x1b")


@pytest.mark.parametrize("name", ODD)
def test_an_odd_name_is_measured_and_shown_whole(
    name: str, stem: Any, mixmaster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = stem("plain.wav")
    path = path.rename(path.with_name(name))
    monkeypatch.chdir(path.parent)
    done = mixmaster("measure", "--", name)
    assert done.status == 0, done.err
    assert shown(name) in done.out
    assert "\x1b" not in done.out + done.err
    (entry,) = mixmaster("measure", "--json", "--", name).json
    assert entry["file"] == name
    assert sorted(path.parent.iterdir()) == [path]


def test_odd_names_mix_into_an_odd_name(stem: Any, out: Path, mixmaster: Any) -> None:
    names = [name for name in ODD if name.endswith(".wav")]
    for name in names:
        path = stem("x.wav", np.full(4800, 1.0 / 64.0))
        path.rename(path.with_name(name))
    target = out / "out [v2]\n$(x) – 混.wav"
    done = mixmaster("mix", out.parent / "stems", "-p", "flat", "-o", target, "--json")
    assert done.status == 0, done.err
    assert Path(done.json["file"]) == target
    assert sf.read(target)[0].max() == len(names) / 64.0
    listed = {entry["name"] for entry in json.loads(Path(f"{target}.json").read_text())["inputs"]}
    assert listed == set(names)


def test_a_name_that_is_not_utf8(stem: Any, out: Path, mixmaster: Any) -> None:
    path = stem("x.wav")
    odd = os.path.join(os.fsencode(path.parent), b"caf\xe9.wav")  # noqa: PTH118 - bytes
    try:
        os.rename(path, odd)  # noqa: PTH104 - bytes
    except OSError:
        pytest.skip("the file system takes UTF-8 alone")
    name = os.fsdecode(odd)
    for arguments in (
        ("measure", name),
        ("mix", name, "-p", "flat", "--dry-run"),
        ("mix", name, "-p", "flat", "-o", out / "mix.wav"),
    ):
        done = mixmaster(*arguments)
        assert done.status == 0, done.err
        assert "caf" in done.out
    assert Path(mixmaster("measure", name, "--json").json[0]["file"]) == Path(name)
    missing = mixmaster("measure", name + "x.wav")
    assert missing.status == 2
    assert "caf\\xe9" in missing.err or "caf\\udce9" in missing.err


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_no_encoding_of_the_terminal_is_too_poor(
    encoding: str, stem: Any, out: Path, spawn: Any
) -> None:
    path = stem("é→混.wav")
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": encoding}
    done = spawn("mix", path, "-p", "flat", "-o", out / "mix.wav", environment=environment)
    assert done.returncode == 0, done.stderr
    table = done.stdout.decode(encoding)
    assert "strip.stem/" in table
    assert "–" in table or encoding != "utf-8"
    for stream in (done.stdout, done.stderr):
        assert b"Traceback" not in stream
    as_json = spawn("measure", path, "--json", environment=environment)
    assert json.loads(as_json.stdout.decode("utf-8"))[0]["file"] == str(path)


def test_ascii_has_plain_signs_for_ours(stem: Any, spawn: Any) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    preset = """
        format = 1
        kind = "mix"
        name = "x"
        [strip.a]
        match = ["*"]
        output = "b"
        [bus.b]
    """
    path = stem("a.wav").parent.parent / "x.toml"
    path.write_text(preset)
    done = spawn("mix", path.parent / "stems", "-p", path, "--dry-run", environment=environment)
    assert done.returncode == 0
    assert b"b -> mix" in done.stdout
    assert b"-----" in done.stdout
