"""What contributing.md says is enough, is enough: an effect, a target and a command of one file."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile as sf
from tests.docs.examples import examples

import mixmaster.cli
from mixmaster.cli import app

EFFECT, COMMAND = (e.text for e in examples("docs/contributing.md") if e.kind == "python")
(TARGET,) = (e.text for e in examples("docs/contributing.md") if e.kind == "toml")


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    import numpy as np

    path = tmp_path / "tone.wav"
    sf.write(path, 0.1 * np.sin(2.0 * np.pi * 440.0 * np.arange(48_000) / 48_000), 48_000, "FLOAT")
    return path


_EFFECT_IS_THERE = """
import sys, mixmaster.effects
mixmaster.effects.__path__.append(sys.argv[1])
import numpy as np
from mixmaster.cli.app import run
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.registry import EFFECTS
Softener = next(each for each in EFFECTS if each.effect_name() == "softener")
assert run(["effects", "softener"]) == 0
assert run(["presets", "check", sys.argv[2]]) == 0
assert run(["presets", "check", sys.argv[3]]) == 1
noise = np.random.default_rng(1).standard_normal((2, 65_536))
at = BlockContext(start_frame=0)
through = Softener().prepare(Context(48_000, 2)).process(noise, at)
assert np.array_equal(through, noise)
soft = Softener(softness_db=6.0).prepare(Context(48_000, 2)).process(noise, at)
share = abs(np.fft.rfft(soft[0])) ** 2, abs(np.fft.rfft(noise[0])) ** 2
top, bottom = slice(28_000, 32_000), slice(10, 1_000)
assert abs(10 * np.log10(share[0][top].sum() / share[1][top].sum()) + 6.0) < 0.4
assert abs(10 * np.log10(share[0][bottom].sum() / share[1][bottom].sum())) < 0.1
"""


def test_an_effect_is_one_file(tmp_path: Path) -> None:
    folder = tmp_path / "effects"
    folder.mkdir()
    (folder / "softener.py").write_text(EFFECT, encoding="utf-8")
    head = 'format = 1\nkind = "mastering"\nname = "Soft"\n[[insert]]\neffect = "softener"\n'
    (tmp_path / "right.toml").write_text(head + "softness_db = 2.0\n", encoding="utf-8")
    (tmp_path / "wrong.toml").write_text(head + "softness_db = 20.0\n", encoding="utf-8")
    files = [folder, tmp_path / "right.toml", tmp_path / "wrong.toml"]
    done = subprocess.run(
        [sys.executable, "-c", _EFFECT_IS_THERE, *files],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "softness_db" in done.stdout
    assert "must be from 0 to 12" in done.stdout


def test_a_target_is_one_file(
    tmp_path: Path,
    tone: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "mixmaster/presets/targets"
    folder.mkdir(parents=True)
    (folder / "harbour-radio.toml").write_text(TARGET, encoding="utf-8")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert app.run(["presets", "list", "target"]) == 0
    assert "harbour-radio" in capsys.readouterr().out
    made = tmp_path / "made.wav"
    words = ["master", str(tone), "-p", "transparent", "-t", "harbour-radio", "-o", str(made)]
    assert app.run(words) == 0
    info = sf.info(str(made))
    assert (info.format, info.subtype, info.samplerate) == ("WAV", "PCM_24", 48_000)


def test_a_command_is_one_file_and_a_name(
    tmp_path: Path,
    tone: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "loudest.py").write_text(COMMAND, encoding="utf-8")
    monkeypatch.setattr(mixmaster.cli, "__path__", [*mixmaster.cli.__path__, str(tmp_path)])
    monkeypatch.setattr(app, "COMMANDS", (*app.COMMANDS, "loudest"))
    importlib.invalidate_caches()
    assert app.run([]) == 0
    assert "Tell which file is the loudest." in capsys.readouterr().out
    assert app.run(["loudest", str(tone)]) == 0
    # 440 Hz at -23.01 dBFS RMS in one channel: K-weighting takes some 0.7 dB off 997 Hz's.
    assert "tone.wav: -23.7 LUFS" in capsys.readouterr().out
    assert app.run(["loudst", str(tone)]) == 2
    assert "did you mean 'loudest'?" in capsys.readouterr().err
