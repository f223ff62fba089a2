"""Every format by its name: masters, mixes, renders, and what reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

RATE = 48_000


def music(seconds: float, seed: int) -> Any:
    """Noise that comes and goes, so that a limiter and a meter have something to read."""
    time = np.arange(round(seconds * RATE)) / RATE
    envelope = 0.2 + np.sin(2.0 * np.pi * 0.8 * time + seed) ** 4
    noise = np.random.default_rng(seed).standard_normal((time.size, 2))
    return 0.03 * envelope[:, None] * noise


@pytest.fixture
def song(stem: Any) -> Path:
    return Path(stem("song.wav", music(4.0, 1)))


@pytest.fixture
def stems(stem: Any) -> Path:
    stem("Kick.wav", music(2.0, 1)[:, :1])
    return Path(stem("Bass DI.wav", music(2.0, 2)[:, :1]).parent)


def codec_of(path: Path) -> str:
    with av.open(str(path)) as file:
        return str(file.streams.audio[0].codec_context.name).removesuffix("float")


def test_a_master_for_each_kind_is_read_by_measure_check_and_null(
    song: Path, out: Path, mixmaster: Any
) -> None:
    names = ("download-mp3", "download-alac", "download-vorbis", "podcast-mp3")
    asked = [argument for name in names for argument in ("-t", name)]
    done = mixmaster("master", song, "-p", "open", *asked, "-o", out, "--json")
    assert done.status == 0, done.err
    files = {result["target"]: Path(result["file"]) for result in done.json["results"]}
    assert [path.name for path in files.values()] == [
        "song_download-mp3.mp3",
        "song_download-alac.m4a",
        "song_download-vorbis.ogg",
        "song_podcast-mp3.mp3",
    ]
    assert [codec_of(path) for path in files.values()] == ["mp3", "alac", "vorbis", "mp3"]
    measured = mixmaster("measure", *files.values(), "--json").json
    for entry, result in zip(measured, done.json["results"], strict=True):
        assert entry["integrated_lufs"] == result["after"]["integrated_lufs"]
        assert entry["true_peak_dbtp"] <= result["ceiling_dbtp"]
    lengths_s = [entry["duration_s"] for entry in measured]
    assert np.ptp(lengths_s) < 1e-4
    checked = mixmaster("check", files["download-mp3"], "-t", "download-mp3")
    assert "lossy" not in checked.out
    assert "format" not in checked.out
    assert mixmaster("check", files["download-mp3"], "-t", "spotify").status == 1
    compared = mixmaster("null", files["download-mp3"], files["download-alac"], "--json")
    assert compared.json["offset_samples"] == 0


def test_a_lowered_ceiling_stands_in_the_table_and_in_a_note(
    song: Path, out: Path, mixmaster: Any, tmp_path: Path
) -> None:
    target = tmp_path / "hot.toml"
    target.write_text(
        'format = 1\nkind = "target"\nname = "Hot"\nintegrated_lufs = -12.0\n'
        'true_peak_dbtp = -1.0\n[file]\nformat = "opus"\nbitrate_kbps = 48\n'
    )
    done = mixmaster("master", song, "-p", "loud", "-t", target, "-o", out / "a.opus")
    assert done.status == 0, done.err
    assert "-1.0 (-" in done.out
    assert "over -1.0 dBTP: the ceiling in front of the encoder was lowered" in done.err


def test_a_name_of_another_kind_than_the_targets_is_refused(
    song: Path, out: Path, mixmaster: Any
) -> None:
    done = mixmaster("master", song, "-p", "open", "-t", "spotify", "-o", out / "a.mp3")
    assert done.status == 2
    assert "delivered as flac" in done.err
    assert not out.exists() or list(out.iterdir()) == []


@pytest.mark.parametrize(
    ("asked", "codec"),
    [
        (("a.mp3",), "mp3"),
        (("a.m4a",), "aac"),
        (("a.m4a", "--bit-depth", "24"), "alac"),
        (("a.opus",), "opus"),
        (("a.ogg",), "vorbis"),
    ],
)
def test_a_mix_is_what_its_name_says(
    stems: Path, out: Path, mixmaster: Any, asked: tuple[str, ...], codec: str
) -> None:
    name, *more = asked
    done = mixmaster("mix", stems, "-p", "flat", "-o", out / name, *more, "--json")
    assert done.status == 0, done.err
    assert codec_of(out / name) == codec
    assert done.json["figures"]["duration_s"] == pytest.approx(2.0, abs=1e-3)


def test_a_rate_that_a_codec_does_not_know_is_refused_before_any_work(
    stems: Path, out: Path, mixmaster: Any
) -> None:
    arguments = ("mix", stems, "-p", "flat", "-o", out / "a.opus", "--sample-rate-hz", "44100")
    done = mixmaster(*arguments)
    assert done.status == 2
    assert "48000 Hz" in done.err
    assert not (out / "a.opus").exists()


def test_stems_to_an_mp3_in_one_go(stems: Path, out: Path, mixmaster: Any) -> None:
    arguments = ("render", stems, "-p", "flat", "-m", "open", "-t", "podcast-mp3")
    done = mixmaster(*arguments, "-o", out / "a.mp3")
    assert done.status == 0, done.err
    assert codec_of(out / "a.mp3") == "mp3"


def test_a_reference_of_an_mp3_is_refused(stems: Path, out: Path, mixmaster: Any) -> None:
    done = mixmaster("mix", stems, "-p", "flat", "-o", out / "a.mp3", "--reference-mp3")
    assert done.status == 2
    assert "is an MP3 already" in done.err
