"""Files that effects need: read once, at the session's rate; what cannot be used is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from mixmaster.arrays import Block
from mixmaster.documents.loading import load_text
from mixmaster.documents.origin import Origin
from mixmaster.effects.convolution import Convolution
from mixmaster.engine.resources import ResourceShelf, check_files, locate, resource_paths
from mixmaster.errors import DocumentError
from mixmaster.mixing.preset import MixPreset

HERE = "bus.hall.insert.convolution"


def write(path: Path, samples: Block, rate: int = 48_000) -> Path:
    sf.write(path, samples.T, rate, "FLOAT")
    return path


def test_one_reading_serves_all_at_the_session_s_rate(tmp_path: Path) -> None:
    """A tone of 1 kHz at 96 kHz is one at 44.1 kHz, of the same level and length."""
    tone = 0.5 * np.sin(2 * np.pi * 1_000 / 96_000 * np.arange(96_000))
    write(tmp_path / "a.wav", np.stack([tone, -tone]), 96_000)
    files = locate(Convolution(impulse="a.wav"), HERE, Origin(tmp_path))
    assert resource_paths([files, files, ()]) == (tmp_path / "a.wav",)
    shelf = ResourceShelf(44_100)
    one, other = shelf.of(files, HERE)["impulse"], shelf.of(files, "elsewhere")["impulse"]
    assert one is other
    assert not one.flags.writeable
    assert one.shape == (2, 44_100)
    expected = 0.5 * np.sin(2 * np.pi * 1_000 / 44_100 * np.arange(44_100))
    assert np.max(np.abs(one[0] - expected)[2_000:-2_000]) < 1e-6


def test_what_cannot_be_used_is_named_with_insert_and_key(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no audio at all", encoding="utf-8")
    (tmp_path / "folder.wav").mkdir()
    write(tmp_path / "empty.wav", np.zeros((1, 0)))
    write(tmp_path / "song.wav", np.zeros((1, 31 * 8_000)), 8_000)
    write(tmp_path / "five.wav", np.ones((5, 100)))
    for name, said in {
        "missing.wav": "there is no file 'missing.wav'",
        "../out.wav": "no plain path below the preset's folder",
        "text.wav": "'text.wav' cannot be used",
        "folder.wav": "it is a folder",
        "empty.wav": "0 frames",
        "song.wav": "31.0 s long",
        "five.wav": "has 5 channels",
    }.items():
        with pytest.raises(DocumentError) as caught:
            locate(Convolution(impulse=name), HERE, Origin(tmp_path))
        assert caught.value.where == HERE
        assert [problem.key for problem in caught.value.problems] == ["impulse"]
        assert said in str(caught.value)


def test_nan_in_a_file_is_named(tmp_path: Path) -> None:
    samples = np.ones((1, 1_000))
    samples[0, 480] = np.nan
    write(tmp_path / "a.wav", samples)
    files = locate(Convolution(impulse="a.wav"), HERE, Origin(tmp_path))
    with pytest.raises(DocumentError, match=r"'a\.wav' cannot be used.*0\.010 s") as caught:
        ResourceShelf(48_000).of(files, HERE)
    assert caught.value.where == HERE


HALLS = """
format = 1
kind = "mix"
name = "Halls"
[[bus.near.insert]]
effect = "convolution"
impulse = "here.wav"
[[bus.far.insert]]
effect = "eq"
[[bus.far.insert]]
effect = "convolution"
impulse = "gone.wav"
[[mix.insert]]
id = "glue"
effect = "convolution"
impulse = "/etc/passwd"
"""


def test_a_document_is_checked_for_all_its_files(tmp_path: Path) -> None:
    write(tmp_path / "here.wav", np.ones((1, 100)))
    preset = load_text(MixPreset, HALLS).place(Origin(tmp_path))
    with pytest.raises(DocumentError) as caught:
        check_files(preset, "halls.toml")
    assert caught.value.where == "halls.toml"
    assert [problem.key for problem in caught.value.problems] == [
        "bus.far.insert.convolution.impulse",
        "mix.insert.glue.impulse",
    ]
