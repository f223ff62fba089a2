"""``--json``: strictly valid, everything as data, errors too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

RATE = 48_000
FIGURES = {
    "duration_s",
    "sample_rate_hz",
    "channels",
    "integrated_lufs",
    "loudness_range_lu",
    "max_momentary_lufs",
    "max_short_term_lufs",
    "true_peak_dbtp",
    "sample_peak_dbfs",
}


@pytest.fixture
def tone(stem: Any) -> Path:
    time = np.arange(5 * RATE) / RATE
    samples = 0.1 * np.sin(2.0 * np.pi * 997.0 * time)
    return Path(stem("tone.wav", np.stack([samples, samples], axis=1)))


def test_measure_lists_every_figure_of_every_file(tone: Path, stem: Any, mixmaster: Any) -> None:
    silence = stem("silence.wav", np.zeros(RATE))
    done = mixmaster("measure", tone, silence, "--json")
    loud, silent = done.json
    for entry in (loud, silent):
        assert entry.keys() >= {"schema", "file", "reasons", "notes", *FIGURES}
        assert entry["schema"] == "mixmaster/measure/1"
    # A 997 Hz tone at -20 dBFS in both channels reads -20 (BS.1770-5, annex 1, and 3.01 twice).
    assert loud["integrated_lufs"] == pytest.approx(-20.0, abs=0.01)
    assert loud["max_momentary_lufs"] == pytest.approx(-20.0, abs=0.01)
    assert loud["max_short_term_lufs"] == pytest.approx(-20.0, abs=0.01)
    assert loud["true_peak_dbtp"] == pytest.approx(-20.0, abs=0.01)
    assert loud["sample_peak_dbfs"] == pytest.approx(-20.0, abs=0.01)
    assert loud["loudness_range_lu"] == pytest.approx(0.0, abs=0.01)
    assert (loud["duration_s"], loud["sample_rate_hz"], loud["channels"]) == (5.0, RATE, 2)
    assert loud["reasons"] == {}
    missing = {key for key in FIGURES if silent[key] is None}
    assert missing == set(silent["reasons"])
    assert missing == FIGURES - {"duration_s", "sample_rate_hz", "channels"}


def test_measure_of_one_file_is_still_a_list(tone: Path, mixmaster: Any) -> None:
    assert [entry["file"] for entry in mixmaster("measure", tone, "--json").json] == [str(tone)]


def test_dual_mono_is_said(stem: Any, mixmaster: Any) -> None:
    path = stem("mono.wav", 0.1 * np.sin(2.0 * np.pi * 997.0 * np.arange(RATE) / RATE))
    plain, dual = (mixmaster("measure", path, "--json", *f).json[0] for f in ([], ["--dual-mono"]))
    assert (plain["convention"], dual["convention"]) == ("standard", "dual_mono")
    assert dual["integrated_lufs"] - plain["integrated_lufs"] == pytest.approx(3.01, abs=0.001)


def test_a_dry_run_is_a_plan(tone: Path, stem: Any, tmp_path: Path, mixmaster: Any) -> None:
    preset = tmp_path / "x.toml"
    preset.write_text("""
        format = 1
        kind = "mix"
        name = "X"
        [strip.tone]
        match = ["tone"]
        input_lufs = -23.0
        gain_db = -2.0
        pan = 0.5
        output = "band"
        send = [{ to = "hall", gain_db = -12.5 }]
        [strip.click]
        match = ["click"]
        mute = true
        [strip.drums]
        match = ["drums"]
        [bus.band]
        [bus.hall]
    """)
    click = stem("click.wav", np.ones(10))
    plan = mixmaster("mix", tone, click, "-p", preset, "--dry-run", "--json").json
    assert plan["schema"] == "mixmaster/mix-plan/1"
    assert (plan["sample_rate_hz"], plan["duration_s"]) == (RATE, 5.0)
    heard, muted = plan["stems"]
    assert heard["id"] == "strip.tone/tone"
    assert heard["files"] == [str(tone)]
    assert heard["heard"] is True
    assert heard["input_gain_db"] == pytest.approx(-3.0, abs=0.01)
    assert (heard["fader_db"], heard["pan"]) == (-2.0, 0.5)
    assert heard["route"] == ["band", "mix"]
    assert heard["sends"] == [{"to": "hall", "gain_db": -12.5, "position": "post"}]
    assert (muted["heard"], muted["fader_db"]) == (False, None)
    assert plan["staging"][0]["strip"] == "strip.tone"
    assert any("drums" in note for note in plan["notes"])


def test_a_mix_holds_bridge_staging_notes_and_warnings(
    tone: Path, stem: Any, out: Path, mixmaster: Any
) -> None:
    low = stem("low.wav", np.full(8_000, 0.99), rate=8_000)
    arguments = ("mix", tone, low, "-p", "flat", "-o", out / "mix.wav", "--set", "mix.gain_db=6")
    done = mixmaster(*arguments, "--json")
    said = done.json
    assert said["schema"] == "mixmaster/mix/1"
    assert said["file"] == str(out / "mix.wav")
    assert {row["id"] for row in said["bridge"]} == {"strip.stem/tone", "strip.stem/low", "mix"}
    assert said["figures"].keys() >= FIGURES
    assert any("converted from 8000" in note for note in said["notes"])
    assert any("dBFS: float keeps it whole" in warning for warning in said["warnings"])
    for text in (*said["notes"], *said["warnings"]):
        assert text in done.err


def test_an_error_is_data_too(tone: Path, mixmaster: Any) -> None:
    done = mixmaster("mix", tone, "-p", "flat", "--json")
    assert done.json == {
        "error": "UsageError",
        "where": "",
        "reason": "no output was named",
        "hint": "add -o mix.wav, or --dry-run to see the plan",
        "exit_status": 2,
    }
    assert done.err.startswith("error: no output was named")


def test_a_bug_is_data_too(
    tone: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    from mixmaster.cli.app import run

    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("mixmaster.engine.measuring.measure_file", fail)
    assert run(["measure", str(tone), "--json"]) == 70
    captured = capsys.readouterr()
    assert json.loads(captured.out)["error"] == "Bug"
    assert "a bug in mixmaster" in captured.err
    assert "ZeroDivisionError: oops" in captured.err
    assert "Traceback" not in captured.err
