"""``mixmaster rerender`` of masters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from tests.mixing.trio import write_song

from mixmaster.cli.app import run

RATE = 48_000


@pytest.fixture
def mix(tmp_path: Path) -> Path:
    """Return 4 s of noise that comes and goes."""
    rng = np.random.default_rng(7)
    time = np.arange(4 * RATE) / RATE
    noise = (
        0.1 * (1.0 + 0.8 * np.sin(2 * np.pi * time))[:, None] * rng.standard_normal((4 * RATE, 2))
    )
    sf.write(tmp_path / "mix.wav", noise, RATE, subtype="FLOAT")
    return tmp_path / "mix.wav"


@pytest.mark.parametrize(
    "told",
    [
        ["-t", "spotify"],
        ["-t", "cd", "--loudness", "-12.5", "--fade-out", "0.7", "--pad-head", "100"],
        ["-t", "spotify", "--ceiling", "-3", "--from", "1", "--to", "3.5"],
    ],
)
def test_a_master_comes_out_the_same_to_the_bit(
    mix: Path, told: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    out = mix.parent / "masters"
    assert run(["master", str(mix), "-p", "transparent", *told, "-o", str(out)]) == 0
    (manifest,) = out.glob("*.json")
    capsys.readouterr()
    assert run(["rerender", str(manifest), "--json"]) == 0
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (said["identical"], said["notes"]) == (True, [])
    again = mix.parent / f"again.{'flac' if 'flac' in manifest.name else 'wav'}"
    assert run(["rerender", str(manifest), "-o", str(again), "--verify"]) == 0
    first, second = (json.loads(p.read_text("utf-8")) for p in (manifest, Path(f"{again}.json")))
    assert first["key"] == second["key"]


def test_what_was_settled_otherwise_is_told_and_compared(
    mix: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = mix.parent / "masters"
    assert run(["master", str(mix), "-p", "transparent", "-t", "spotify", "-o", str(out)]) == 0
    (manifest,) = out.glob("*.json")
    table = json.loads(manifest.read_text("utf-8"))
    table["settings"]["integrated_lufs"] -= 3.0
    manifest.write_text(json.dumps(table), encoding="utf-8")
    capsys.readouterr()
    assert run(["rerender", str(manifest), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert not said["holds"]
    assert said["residual_dbfs"] > -40.0


@pytest.mark.parametrize("told", [[], ["--versions", "main,instrumental"]])
def test_a_master_of_a_render_has_its_mix_made_again(tmp_path: Path, told: list[str]) -> None:
    song = write_song(tmp_path)
    out = tmp_path / "masters"
    line = ["render", str(song), "-m", "classical", "-t", "cd", "-o", str(out), *told]
    assert run(line) == 0
    manifests = sorted(out.glob("*.json"))
    assert len(manifests) == (2 if told else 1)
    for manifest in manifests:
        assert run(["rerender", str(manifest)]) == 0


def test_a_broken_mix_in_a_manifest_is_named(mix: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = mix.parent / "masters"
    assert run(["master", str(mix), "-p", "transparent", "-t", "spotify", "-o", str(out)]) == 0
    (manifest,) = out.glob("*.json")
    table = json.loads(manifest.read_text("utf-8"))
    manifest.write_text(json.dumps({**table, "mix": {}}), encoding="utf-8")
    assert run(["rerender", str(manifest)]) == 2
    assert "mix: cannot be repeated" in capsys.readouterr().err
