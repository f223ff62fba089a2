"""What a song moves toward, and where it speaks: as ``master`` does it, byte for byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.batch.conftest import Studio

from mixmaster.cli.app import run

RATE_HZ = 8_000
FILM = """
format = 1
kind = "target"
name = "film"
integrated_lufs = -27.0
true_peak_dbtp = -2.0
[dialogue]
least_share = 0.15
programme_lufs = -24.0
[file]
format = "wav"
bit_depth = 16
"""


@pytest.fixture
def mixes(studio: Studio) -> Studio:
    """Three seconds of noise in place of songs, and of darker noise to move toward."""
    random = np.random.default_rng(7)
    noise = 0.1 * random.standard_normal(3 * RATE_HZ)
    studio.folder.joinpath("mixes").mkdir()
    soundfile.write(studio.folder / "mixes/mix.wav", noise, RATE_HZ)
    dark = np.convolve(noise, np.ones(4) / 2.0, "same")
    soundfile.write(studio.folder / "dark.wav", dark, RATE_HZ)
    speaks = np.where(np.arange(len(noise)) % RATE_HZ < RATE_HZ // 2, noise, 0.0)
    soundfile.write(studio.folder / "mixes/speech.wav", speaks, RATE_HZ)
    studio.table |= {"song": [{"path": "mixes/mix.wav"}], "targets": ["loud.toml"]}
    del studio.table["preset"]
    return studio


def alone(studio: Studio, *more: str) -> bytes:
    """Return the master that the command makes."""
    out = studio.folder / "alone"
    words = ["master", str(studio.folder / "mixes/mix.wav"), "-o", str(out)]
    assert run([*words, "-p", str(studio.folder / "chain.toml"), *more]) == 0
    (master,) = out.glob("*.wav")
    return master.read_bytes()


def made(studio: Studio) -> bytes:
    summary = studio.run()
    assert (summary.made, summary.failed) == (1, 0), summary
    return (studio.output / summary.files[0].path).read_bytes()


def test_a_reference_is_moved_toward(mixes: Studio) -> None:
    plain = made(mixes)
    mixes.table["reference"] = "dark.wav"
    matched = made(mixes)
    assert matched != plain
    target = str(mixes.folder / "loud.toml")
    reference = mixes.folder / "dark.wav"
    assert matched == alone(mixes, "-t", target, "--reference", str(reference))
    assert mixes.run().current == 1
    soundfile.write(reference, np.flip(soundfile.read(mixes.folder / "mixes/mix.wav")[0]), RATE_HZ)
    assert made(mixes) != matched


def test_dialogue_lies_in_the_songs_own_folder(mixes: Studio) -> None:
    (mixes.folder / "film.toml").write_text(FILM)
    mixes.table |= {"dialogue": "speech.wav", "targets": ["film.toml"]}
    speech: Path = mixes.folder / "mixes/speech.wav"
    spoken = made(mixes)
    assert spoken == alone(mixes, "-t", str(mixes.folder / "film.toml"), "--dialogue", str(speech))
    assert mixes.run().current == 1
    speech.write_bytes(speech.read_bytes()[:-2] + b"\1\0")
    assert mixes.prepared().counts()["stale"] == 1
