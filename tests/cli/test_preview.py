"""``mixmaster preview``: its tables, its files, its status."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from tests.preview.music import RATE_HZ, hot, tone, write

ONE_CODEC = """format = 1
kind = "target"
name = "Place"

[[playback]]
name = "Sound Check"
integrated_lufs = -16.0

[[streams]]
codec = "vorbis"
bitrate_kbps = 96
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "place.toml"
    path.write_text(ONE_CODEC)
    return path


def test_a_hot_master_is_seen_through_and_fixed(
    tmp_path: Path, place: Path, mixmaster: Any
) -> None:
    master = write(tmp_path / "hot.wav", hot(seconds=1.0))
    words = ("preview", master, "-t", place, "--only", "places", "--only", "codecs")
    done = mixmaster(*words, "--fail-on-warnings")
    assert done.status == 1
    assert "place, Sound Check" in done.out
    assert "Vorbis 96" in done.out
    assert "avoids it" in done.err
    out = tmp_path / "out"
    done = mixmaster(*words, "--fail-on-warnings", "--fix", "-o", out, "--json")
    assert done.status == 0
    said = done.json
    assert said["schema"] == "mixmaster/preview/1"
    (one,) = said["masters"]
    assert one["fixed"]["decoded_dbtp"] <= 0.0
    assert {Path(path).name for path in one["written"]} == {
        "hot_place-sound-check.flac",
        "hot_vorbis-96.flac",
    }
    played, rate = sf.read(out / "hot_place-sound-check.flac")
    assert rate == RATE_HZ
    gain = 10.0 ** (one["places"][0]["gain"]["gain_db"] / 20.0)
    assert np.abs(played - gain * sf.read(master)[0]).max() < 2.0 * 2.0**-23
    safe = out / "hot_codec-safe.wav"
    assert mixmaster(*words[:1], safe, *words[2:], "--fail-on-warnings").status == 0


def test_systems_of_ones_own(tmp_path: Path, place: Path, mixmaster: Any) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('format = 1\nkind = "system"\nname = "Mine"\nchannels = "mono"\n')
    master = write(tmp_path / "a.wav", tone(-20.0, 2.0) * np.array([[1.0], [0.5]]))
    words = ("preview", master, "-t", place, "--only", "systems", "--on", mine, "-o", tmp_path)
    done = mixmaster(*words, "--section", "loudest:1s", "--json")
    assert done.status == 0
    (one,) = done.json["masters"]
    assert [each["system"] for each in one["systems"]] == ["mine"]
    heard, _ = sf.read(tmp_path / "a_on-mine.flac")
    assert heard.shape == (RATE_HZ, 2)
    assert np.abs(heard[:, 0] - heard[:, 1]).max() < 4.0 * 2.0**-23  # each side has its dither


def test_an_album_has_album_gains(tmp_path: Path, mixmaster: Any) -> None:
    masters = [write(tmp_path / f"{i}.wav", tone(-10.0 - 3.0 * i)) for i in range(2)]
    said = mixmaster("preview", *masters, "-t", "spotify", "--only", "places", "--json").json
    assert said["album_lufs"] == pytest.approx(-11.25, abs=0.1)
    modes = [row["gain"]["mode"] for row in said["masters"][0]["places"]]
    assert modes == ["track", "album"] * 3


@pytest.mark.parametrize(
    ("words", "about"),
    [
        (("--fix",), "folder"),
        (("--limit",), "--fix"),
        (("--fix", "-o", "out", "--only", "places"), "codecs"),
        (("--fix", "-o", "out", "--to", "1"), "whole song"),
        (("--only", "places", "--to", "1"), "whole song"),
        (("--on", "phonee"), "phone"),
    ],
)
def test_what_contradicts_itself(
    tmp_path: Path, mixmaster: Any, words: tuple[str, ...], about: str
) -> None:
    done = mixmaster("preview", write(tmp_path / "a.wav", tone(-20.0)), *words)
    assert done.status == 2
    assert about in done.err


def test_a_strangers_file_is_not_replaced_and_nothing_is_done_before_that_is_known(
    tmp_path: Path, place: Path, mixmaster: Any
) -> None:
    (tmp_path / "a_on-mono.flac").write_text("mine")
    master = write(tmp_path / "a.wav", tone(-20.0))
    done = mixmaster("preview", master, "-t", place, "-o", tmp_path)
    assert done.status == 2
    assert "--overwrite" in done.err
    assert not (tmp_path / "a_vorbis-96.flac").exists()
