"""``--reference-mp3``: an MP3 beside a mix that does not clip where it is played."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from tests.mixing.trio import write_song

from mixmaster.cli.app import run
from mixmaster.engine.reference import write_reference
from mixmaster.errors import OutputError, SignalError
from mixmaster.units import db_to_gain

RATE = 48_000


def write(path: Path, level: float, seconds: float = 1.5) -> Path:
    """Write clipped noise, whose peaks an encoder moves."""
    rng = np.random.default_rng(3)
    noise = np.clip(rng.standard_normal((round(seconds * RATE), 2)), -1.0, 1.0)
    sf.write(path, level * noise, RATE, subtype="FLOAT")
    return path


@pytest.mark.parametrize("level", [0.99, 8.0])
def test_what_would_clip_is_brought_down_and_told(tmp_path: Path, level: float) -> None:
    made = write_reference(write(tmp_path / "mix.wav", level))
    decoded, rate = sf.read(made.file)
    assert rate == RATE
    assert np.abs(decoded).max() <= 1.0
    assert made.gain_db < -20.0 * np.log10(level)
    assert f"{-made.gain_db:.1f} dB quieter" in made.words
    # No more than it takes: full scale is near.
    assert np.abs(decoded).max() > db_to_gain(-1.5)
    mix, _ = sf.read(tmp_path / "mix.wav")
    taken = np.sqrt((decoded**2).mean() / (mix**2).mean())
    # The encoder takes what is above 20 of the noise's 24 kHz away: 0.8 dB.
    assert 20.0 * np.log10(taken) == pytest.approx(made.gain_db - 0.8, abs=0.2)


def test_what_does_not_clip_keeps_its_level_and_rate_is_constant(tmp_path: Path) -> None:
    made = write_reference(write(tmp_path / "mix.wav", 0.2))
    assert made.gain_db == 0.0
    assert "quieter" not in made.words
    # 256 kbit/s constant: bytes follow from time, but for the codec's delay of some frames.
    assert made.file.stat().st_size == pytest.approx(256_000 / 8 * 1.5, rel=0.06)


def test_what_is_not_ours_stays_and_what_is_ours_is_replaced(tmp_path: Path) -> None:
    mix = write(tmp_path / "mix.wav", 0.2)
    (tmp_path / "mix.mp3").write_bytes(b"somebody's")
    with pytest.raises(OutputError, match="it exists"):
        write_reference(mix)
    assert (tmp_path / "mix.mp3").read_bytes() == b"somebody's"
    first = write_reference(mix, overwrite=True).file.read_bytes()
    assert write_reference(mix).file.read_bytes() == first


def test_nan_leaves_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "mix.wav", 0.2)
    samples, _ = sf.read(path)
    samples[700] = np.nan
    sf.write(path, samples, RATE, subtype="FLOAT")
    with pytest.raises(SignalError):
        write_reference(path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["mix.wav"]


def test_mixes_and_their_versions_have_one_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    song = str(write_song(tmp_path))
    out = tmp_path / "mix.wav"
    assert run(["mix", song, "-o", str(out), "--reference-mp3", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["file"] == str(out)
    assert "mix.mp3: MP3, 256 kbit/s" in said.err
    prints = tmp_path / "prints"
    line = ["mix", song, "--versions", "main,instrumental", "-o", str(prints), "--reference-mp3"]
    assert run(line) == 0
    assert len(list(prints.glob("*.mp3"))) == 2


def test_a_stranger_is_met_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    song = str(write_song(tmp_path))
    (tmp_path / "mix.mp3").write_bytes(b"somebody's")
    assert run(["mix", song, "-o", str(tmp_path / "mix.wav"), "--reference-mp3"]) == 2
    assert "mix.mp3" in capsys.readouterr().err
    assert not (tmp_path / "mix.wav").exists()


def test_a_reference_is_no_stem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    song = str(write_song(tmp_path))
    assert run(["mix", song, "-o", str(tmp_path / "stems/mix.wav"), "--reference-mp3"]) == 0
    capsys.readouterr()
    assert run(["mix", song, "--dry-run", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["stems"]) == 3
