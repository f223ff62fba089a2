"""Plugins from the command line: the flag, the list, and what a manifest says of them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from mixmaster.effects import plugin_process
from mixmaster.effects.plugin_list import list_file, may_run

PRESET = """
format = 1
kind = "mix"
name = "Plugged"
[strip.any]
match = ["*"]
[[strip.any.insert]]
effect = "plugin"
plugin = "KIND"
tail_s = 0.1
parameters = {gain = 0.5}
"""


@pytest.fixture
def stem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stem, and a list of made plugins."""
    made = Path(__file__).parent.parent / "effects"
    monkeypatch.setenv("PYTHONPATH", str(made))
    monkeypatch.setattr(plugin_process, "HOST", "made_plugin")
    lines = ['format = 1\nkind = "plugins"\nname = "Made"\n']
    for kind in ("late", "crashes", "nan"):
        path = tmp_path / f"{kind}.vst3"
        path.touch()
        lines.append(f'[plugin.{kind}]\npath = "{path}"\n')
    list_file().parent.mkdir(parents=True)
    list_file().write_text("".join(lines), encoding="utf-8")
    signal = 0.1 * np.random.default_rng(0).standard_normal((30_000, 2))
    (tmp_path / "stems").mkdir()
    sf.write(tmp_path / "stems" / "any.wav", signal, 48_000, "FLOAT")
    return tmp_path / "stems" / "any.wav"


def preset(folder: Path, kind: str) -> Path:
    path = folder / "plugged.toml"
    path.write_text(PRESET.replace("KIND", kind), encoding="utf-8")
    return path


def test_a_plugin_in_a_mix_is_in_time_and_the_manifest_is_honest(
    stem: Path, tmp_path: Path, mixmaster: Any
) -> None:
    out = tmp_path / "mix.wav"
    arguments = ("mix", str(stem), "-p", str(preset(tmp_path, "late")), "-o", str(out))
    done = mixmaster(*arguments, "--allow-plugins")
    assert done.status == 0, done.err
    assert not may_run()
    dry, _ = sf.read(stem)
    wet, _ = sf.read(out)
    assert np.max(np.abs(wet[: len(dry)] - 0.5 * dry)) < 1e-7
    text = Path(f"{out}.json").read_text(encoding="utf-8")
    assert '"reproducible": false' in text
    assert str(tmp_path) not in text
    first = json.loads(text)
    assert list(first["settings"]["plugins"]) == ["late"]
    # Another version of the plugin is another job.
    (tmp_path / "late.vst3").write_bytes(b"2")
    assert mixmaster(*arguments, "--allow-plugins").status == 0
    assert json.loads(Path(f"{out}.json").read_text(encoding="utf-8"))["key"] != first["key"]
    word = "strip.any.insert.plugin.reproducible=true"
    done = mixmaster(*arguments, "--allow-plugins", "--set", word)
    assert done.status == 0, done.err
    assert '"reproducible": true' in Path(f"{out}.json").read_text(encoding="utf-8")


def test_without_the_flag_it_is_refused_by_name(stem: Path, tmp_path: Path, mixmaster: Any) -> None:
    out = tmp_path / "mix.wav"
    done = mixmaster("mix", str(stem), "-p", str(preset(tmp_path, "late")), "-o", str(out))
    assert done.status == 2
    assert "strip.any/any.insert.plugin" in done.err
    assert "--allow-plugins" in done.err
    assert not out.exists()


@pytest.mark.parametrize(
    ("kind", "says"), [("crashes", "crashed at"), ("nan", "not a finite number")]
)
def test_what_goes_wrong_is_named_and_leaves_nothing(
    stem: Path, tmp_path: Path, mixmaster: Any, kind: str, says: str
) -> None:
    out = tmp_path / "mix.wav"
    path = str(preset(tmp_path, kind))
    done = mixmaster("mix", str(stem), "-p", path, "-o", str(out), "--allow-plugins")
    assert done.status == 2
    assert "strip.any/any.insert.plugin" in done.err
    assert says in done.err
    assert done.left_no_traceback()
    assert [each.name for each in tmp_path.iterdir() if "mix.wav" in each.name] == []


def test_list_and_show(stem: Path, mixmaster: Any) -> None:
    listed = mixmaster("plugins", "list", "--json").json
    assert [each["id"] for each in listed["plugins"]] == ["late", "crashes", "nan"]
    assert all(each["found"] for each in listed["plugins"])
    shown = mixmaster("plugins", "show", "late", "--json").json
    assert shown["latency_samples"] == 6_000
    assert shown["parameters"]["gain"]["high"] == 4.0
    table = mixmaster("plugins", "show", "late").out
    assert "0.00 to 4.00" in table
    assert "clean, turned" in table
    missing = mixmaster("plugins", "show", "latte")
    assert missing.status == 2
    assert "did you mean 'late'?" in missing.err
    assert stem.exists()


def test_scan_finds_and_loads_nothing(
    tmp_path: Path, mixmaster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(plugin_process, "PluginProcess", None)
    bundle = tmp_path / ".vst3" / 'Big "Hall" Reverb.vst3'
    (bundle / "Contents" / "x86_64-linux").mkdir(parents=True)
    (bundle / "Contents" / "x86_64-linux" / "BigHall.vst3").touch()
    (tmp_path / ".vst3" / "BigHallReverb.vst3").touch()
    proposed = tomllib.loads(mixmaster("plugins", "scan").out)
    mine = {k: v["path"] for k, v in proposed["plugin"].items() if str(tmp_path) in v["path"]}
    assert sorted(mine) == ["big-hall-reverb", "big-hall-reverb-2"]
    assert str(bundle) in mine.values()
