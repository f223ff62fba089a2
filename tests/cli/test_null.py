"""``mixmaster null`` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixmaster.cli.app import run

RATE = 48_000


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    rng = np.random.default_rng(1)
    signal = 0.1 * rng.standard_normal((2 * RATE, 2))
    paths = tmp_path / "a.wav", tmp_path / "b.wav"
    for path, gain in zip(paths, (1.0, 1.001), strict=True):
        soundfile.write(path, gain * signal, RATE, subtype="DOUBLE")
    return paths


def test_exit_status_says_whether_it_nulls(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (str(path) for path in files)
    assert run(["null", first, first]) == 0
    assert "every sample is equal" in capsys.readouterr().out
    assert run(["null", first, second, "--at-most", "-100"]) == 0
    assert run(["null", first, second, "--at-most", "-100", "--no-gain"]) == 1
    assert run(["null", first, second, "--no-gain"]) == 0


def test_json_holds_the_figures(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (str(path) for path in files)
    assert run(["null", first, second, "--no-gain", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["schema"] == "mixmaster/null/1"
    assert said["null_db"] == pytest.approx(20.0 * np.log10(0.001 / 1.001), abs=1e-6)
    assert said["identical"] is False


def test_what_is_left_overwrites_nothing(files: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = (str(path) for path in files)
    assert run(["null", first, second, "-o", first]) == 2
    assert run(["null", first, second, "-o", str(tmp_path / "rest.flac")]) == 2
    rest = tmp_path / "rest.wav"
    assert run(["null", first, second, "--no-gain", "-o", str(rest)]) == 0
    left, _ = soundfile.read(rest)
    source, _ = soundfile.read(first)
    assert np.max(np.abs(left - 0.001 * source)) < 1e-8
    assert run(["null", first, second, "-o", str(rest)]) == 2
    assert run(["null", first, second, "-o", str(rest), "--overwrite"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"a.wav", "b.wav", "rest.wav"}


def test_bad_input_is_named(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    six = tmp_path / "six.wav"
    soundfile.write(six, np.zeros((100, 6)), RATE)
    assert run(["null", str(files[0]), str(six)]) == 2
    assert "6 channels" in capsys.readouterr().err
    assert run(["null", str(files[0]), str(tmp_path / "none.wav")]) == 2
    assert "none.wav" in capsys.readouterr().err
