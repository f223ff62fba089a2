"""Tracks joined without a gap are one programme: nothing begins anew at a join."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from tests.release.albums import STORE, album, built, contents, lufs_by_ffmpeg, song

from mixmaster.errors import DocumentError
from mixmaster.release.plan import ReleaseOptions, plan_release
from mixmaster.release.proof.checking import check_release

RATE = 48_000
CUTS = (211_987, 421_111)
"""Anywhere: neither on sectors, nor on blocks, nor on frames that 44.1 kHz has."""

CHAIN = """
format = 1
kind = "mastering"
name = "Moving"
integrated_lufs = -13.0

[[insert]]
effect = "compressor"
threshold_db = -24.0
ratio = 4.0
release_ms = 400.0

[[insert]]
effect = "limiter"
"""


DISC = """
format = 1
kind = "target"
name = "Disc"
true_peak_dbtp = -0.3
medium = "cd"

[[playback]]
integrated_lufs = -14.0
album = "album"

[file]
format = "wav"
bit_depth = 16
sample_rate_hz = 44100

[package]
loudness = "album"
tags = false
"""
"""A CD at the loudness of the whole album: as loud, cut or not."""


def store(name: str, more: str) -> str:
    return STORE.replace('name = "Store"', f'name = "{name}"').replace(
        'sample_rate_hz = "source"', more
    )


def written(folder: Path, *, cut: bool, master: bool = False) -> Path:
    """Write a loud programme, whole or cut into three tracks, with its album."""
    kind = "master" if master else "mix"
    whole = folder / "whole.wav"
    song(whole, 6.0, 5, seconds=13.3, rate=RATE)
    audio = sf.read(whole, dtype="int32")[0]
    marks = (0, *CUTS, audio.shape[0]) if cut else (0, audio.shape[0])
    tracks = ""
    for number, (start, stop) in enumerate(pairwise(marks), start=1):
        sf.write(folder / f"{number}.wav", audio[start:stop], RATE, subtype="PCM_24")
        gap = "gap_s = 0\n" if number > 1 else ""
        tracks += f'[[track]]\n{kind} = "{number}.wav"\ntitle = "T{number}"\n{gap}'
    document = album(
        folder, tracks=tracks, targets='"low.toml", "high.toml", "disc.toml", "download-mp3"'
    )
    (folder / "plain.toml").write_text(CHAIN)
    (folder / "disc.toml").write_text(DISC)
    (folder / "low.toml").write_text(store("Low", "sample_rate_hz = 44100"))
    (folder / "high.toml").write_text(store("High", "sample_rate_hz = 48000"))
    return document


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A programme mastered whole, and cut into three tracks: their folders."""
    found = {}
    for name in ("whole", "cut"):
        folder = tmp_path_factory.mktemp(name)
        run = built(written(folder, cut=name == "cut"), folder / "out")
        assert run.exit_code == 0, run.refused
        found[name] = folder / "out"
    return found


def samples(folder: Path, target: str, pattern: str = "*.flac") -> list[np.ndarray]:
    files = sorted((folder / target).glob(pattern))
    return [
        sf.read(path, dtype="int32" if path.suffix != ".mp3" else "float64")[0] for path in files
    ]


@pytest.mark.parametrize(("target", "rate"), [("low", 44_100), ("high", 48_000)])
def test_cut_tracks_null_against_the_uncut_programme(
    programme: dict[str, Path], target: str, rate: int
) -> None:
    parts = samples(programme["cut"], target)
    (whole,) = samples(programme["whole"], target)
    assert [part.shape[0] for part in parts[:2]] == [
        round(CUTS[0] * rate / RATE),
        round(CUTS[1] * rate / RATE) - round(CUTS[0] * rate / RATE),
    ]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    # The chain was at work: where the whole is loud, it is held under the ceiling.
    assert 20 * np.log10(np.abs(whole / 2**31).max()) < -0.9


def test_the_disc_holds_the_uncut_programme(programme: dict[str, Path]) -> None:
    (parts,) = samples(programme["cut"], "disc", "disc.wav")
    (whole,) = samples(programme["whole"], "disc", "disc.wav")
    np.testing.assert_array_equal(parts, whole)


def test_encoded_tracks_join_where_the_programme_was_cut(programme: dict[str, Path]) -> None:
    parts = samples(programme["cut"], "download-mp3", "*.mp3")
    (whole,) = samples(programme["whole"], "download-mp3", "*.mp3")
    first, second = (round(cut * 44_100 / RATE) for cut in CUTS)
    assert [part.shape[0] for part in parts] == [first, second - first, whole.shape[0] - second]
    # Two encodings of noise differ; of one that lies a frame beside the other they would by +3 dB.
    together = np.concatenate(parts)
    middle = slice(first + 20_000, second - 20_000)
    error = together[middle] - whole[middle]
    assert 20 * np.log10(error.std() / whole[middle].std()) < -15.0


def test_every_file_alone_is_green_and_a_rebuild_makes_nothing(
    programme: dict[str, Path], tmp_path: Path
) -> None:
    out = programme["cut"]
    found = check_release(out)
    assert found.passes, [proof.words for proof in found.files if proof.faults]
    before = contents(out)
    folder = tmp_path / "again"
    shutil.copytree(out.parent, folder)
    assert built(folder / "album.toml", folder / "out", threads=1).made == ()
    assert contents(folder / "out") == before


def test_a_lost_file_of_a_programme_comes_back_as_it_was(
    programme: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "lost"
    shutil.copytree(programme["cut"].parent, folder)
    before = contents(folder / "out")
    (folder / "out" / "low" / "02 Nobody - T2.flac").unlink()
    built(folder / "album.toml", folder / "out", threads=1)
    assert contents(folder / "out") == before


def test_a_programme_keeps_its_released_loudness_when_a_track_changes(
    programme: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(programme["cut"].parent, folder)
    audio, rate = sf.read(folder / "2.wav")
    sf.write(folder / "2.wav", audio * 0.5, rate, subtype="PCM_24")
    built(folder / "album.toml", folder / "out", "targets=['high.toml']", overwrite=True)
    loudness = []
    for out in (programme["cut"], folder / "out"):
        whole = np.concatenate(samples(out, "high"))
        sf.write(tmp_path / "all.wav", whole, RATE, subtype="PCM_24")
        loudness.append(lufs_by_ffmpeg(tmp_path / "all.wav"))
    assert loudness[1] == pytest.approx(loudness[0], abs=0.1)
    levels = json.loads((folder / "out" / "release.json").read_text())["levels"]["high"]["levels"]
    assert [each["name"] for each in levels["tracks"]] == ["T1 + T2 + T3"]


def test_the_loudest_track_of_a_programme_is_the_albums_loudest(tmp_path: Path) -> None:
    document = written(tmp_path, cut=True)
    (tmp_path / "low.toml").write_text(
        store("Low", "sample_rate_hz = 44100").replace('album = "album"', 'album = "loudest"')
    )
    quiet, rate = sf.read(tmp_path / "1.wav")
    sf.write(tmp_path / "1.wav", quiet * 10 ** (-8 / 20), rate, subtype="PCM_24")
    run = built(document, tmp_path / "out", "targets=['low.toml']", "master.preset=plain.toml")
    assert run.exit_code == 0
    loudness = [lufs_by_ffmpeg(path) for path in sorted((tmp_path / "out/low").glob("*.flac"))]
    # What is asked for is the preset's -13; the limiter takes a little of the loudest.
    assert max(loudness) == pytest.approx(-13.0, abs=0.2)
    assert min(loudness) < -14.0


def test_approved_masters_are_converted_as_one_programme(tmp_path: Path) -> None:
    found = []
    for name in ("whole", "cut"):
        folder = tmp_path / name
        folder.mkdir()
        document = written(folder, cut=name == "cut", master=True)
        run = built(document, folder / "out", "targets=['low.toml', 'cd']")
        assert run.exit_code == 0, run.refused
        found.append(folder / "out")
    (whole,) = samples(found[0], "low")
    np.testing.assert_array_equal(np.concatenate(samples(found[1], "low")), whole)
    disc = [samples(out, "cd", "disc.wav")[0] for out in found]
    np.testing.assert_array_equal(disc[1], disc[0])


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["track.2.preset=transparent"], "mastering presets differ"),
        (["track.2.mix=low.wav"], "48 kHz beside 44.1 kHz"),
        (["track.2.mix=mono.wav"], "mono beside stereo"),
        (["loudness=track"], "every file stands alone"),
    ],
)
def test_what_cannot_be_joined_is_told_with_the_plan(
    tmp_path: Path, overrides: list[str], said: str
) -> None:
    document = written(tmp_path, cut=True)
    song(tmp_path / "low.wav", 0.0, 3)
    sf.write(tmp_path / "mono.wav", sf.read(tmp_path / "1.wav")[0][:, 0], RATE)
    plan = plan_release(document, ReleaseOptions(), overrides)
    assert any(said in text for text in plan.warnings)
    assert not any(
        "may be heard" in text for text in plan_release(document, ReleaseOptions()).warnings
    )


def test_a_step_of_level_inside_a_programme_is_refused(tmp_path: Path) -> None:
    document = written(tmp_path, cut=True)
    with pytest.raises(DocumentError, match="would step at the join"):
        plan_release(document, ReleaseOptions(), ["track.2.level_offset_db=-1.0"])
    same = [f"track.{number}.level_offset_db=-1.0" for number in (1, 2, 3)]
    plan_release(document, ReleaseOptions(), same)


def test_versions_are_joined_where_every_track_has_them(tmp_path: Path) -> None:
    tracks = ""
    for number, name in enumerate(("one", "two")):
        song(tmp_path / f"{name}_i.wav", -2.0, 11 + number)
        tracks += (
            f'[[track]]\nmix = "{name}.wav"\ntitle = "{name}"\ngap_s = 0\n'
            f'credits = ["Bass: Ada <{name}>"]\n'
            f'[[track.alternate]]\nname = "instrumental"\nmix = "{name}_i.wav"\n'
        )
    document = album(tmp_path, tracks=tracks)
    (tmp_path / "store.toml").write_text(STORE + "alternates = true\n")
    out = tmp_path / "out"
    assert built(document, out).exit_code == 0
    before = contents(out)
    lost = "store/01 Nobody - one (Instrumental).flac"
    (out / lost).unlink()
    # Its programme is made again, and nothing of the tracks; all of it is what it was.
    again = built(document, out)
    assert set(again.made) == {lost, "store/02 Nobody - two (Instrumental).flac"}
    assert contents(out) == before
    assert b"Bass: Ada &lt;two&gt;" in before["notes.html"]
