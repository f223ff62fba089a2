"""``mixmaster check``: its answer, its status, its JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from mixmaster.cli.app import run

RATE_HZ = 44_100


def stem(path: Path, seed: int, offset: float = 0.0) -> None:
    noise = np.random.default_rng(seed).standard_normal(6 * RATE_HZ)
    sf.write(path, 0.05 * noise + offset, RATE_HZ, subtype="PCM_24")


def test_yes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stem(tmp_path / "a.wav", 1)
    stem(tmp_path / "b.wav", 2)
    assert run(["check", str(tmp_path), "--fail-on-warnings"]) == 0
    assert capsys.readouterr().out.startswith("yes: 2 files to mix")


def test_warnings_say_no_only_if_strict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stem(tmp_path / "a.wav", 1, offset=0.02)
    assert run(["check", str(tmp_path)]) == 0
    assert run(["check", str(tmp_path), "--fail-on-warnings"]) == 1
    assert "no: 1 file to mix; 0 errors, 1 warning" in capsys.readouterr().out


def test_json_and_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stem(tmp_path / "a.wav", 1)
    (tmp_path / "b.wav").write_text("no audio")
    assert run(["check", str(tmp_path), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["schema"] == "mixmaster/check/1"
    assert said["verdict"] == "no"
    (finding,) = said["findings"]
    assert finding["severity"] == "error"
    assert finding["code"] == "unreadable"
    assert finding["file"].endswith("b.wav")


def test_a_fix_is_shown_ready_to_paste(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noise = 0.05 * np.random.default_rng(1).standard_normal(6 * RATE_HZ)
    sf.write(tmp_path / "Bass DI.wav", noise, RATE_HZ, subtype="PCM_24")
    dust = 1e-3 * np.random.default_rng(2).standard_normal(noise.size)
    sf.write(tmp_path / "Bass Amp.wav", dust - 0.5 * noise, RATE_HZ, subtype="PCM_24")
    assert run(["check", str(tmp_path)]) == 0
    assert "polarity = true" in capsys.readouterr().out


def test_masters_against_two_targets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "master.wav"
    noise = np.random.default_rng(1).standard_normal((31 * RATE_HZ, 2))
    sf.write(path, 0.02 * noise, RATE_HZ, subtype="PCM_24")
    arguments = ["check", str(path), "-t", "spotify", "-t", "cd", "--no-codecs", "--json"]
    assert run(arguments) == 1
    said = json.loads(capsys.readouterr().out)
    found = {finding["code"]: finding for finding in said["findings"]}
    assert said["targets"] == ["spotify", "cd"]
    assert found["loudness"]["severity"] == "error"
    assert found["bit_depth"]["figure"] == 24.0
    assert run(["check", str(path), "-t", "nowhere"]) == 2


def test_targets_bring_their_own_tolerance_and_short_term(stem: Any, mixmaster: Any) -> None:
    rate = 48_000
    wave = np.sin(2.0 * np.pi * 997.0 * np.arange(10 * rate) / rate)
    # 1.5 LU over -24 and -23: within ATSC A/85's 2 LU, not within EBU R 128's half.
    quiet = stem("a.wav", 10 ** (-22.5 / 20) * np.stack([wave, wave], axis=1))
    codes = {}
    for name in ("atsc-a85", "ebu-r128", "netflix"):
        done = mixmaster("check", quiet, "-t", name, "--no-codecs", "--json")
        codes[name] = {finding["code"] for finding in done.json["findings"]}
        assert ("measured on dialogue" in done.err) == (name == "netflix")
    assert "loudness" not in codes["atsc-a85"]
    assert "loudness" in codes["ebu-r128"]
    assert "loudness" not in codes["netflix"]
    burst = 0.01 * wave
    burst[: 3 * rate] *= 10 ** (-16.0 / 20) / 0.01
    loud = stem("b.wav", np.stack([burst, burst], axis=1))
    found = mixmaster("check", loud, "-t", "ebu-r128-s1", "--no-codecs", "--json")
    assert "short_term" in {finding["code"] for finding in found.json["findings"]}
