"""Albums built from end to end: levels, tags, discs; what stays, and what is never half there."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from tests.release.albums import (
    RATE,
    album,
    built,
    contents,
    cover,
    flac_tags,
    lufs_by_ffmpeg,
    mp3_tags,
    song,
)

from mixmaster.errors import DocumentError, OutputError
from mixmaster.release.proof.checking import check_release
from mixmaster.release.publishing.folder import ReleaseFolder

DOWNLOAD = '"download-mp3"'


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An album at four targets: its document and its folder; tests leave both as they are."""
    folder = tmp_path_factory.mktemp("album")
    document = album(
        folder,
        'art = "cover.png"\ngenre = "Noise"',
        targets=f'"store.toml", {DOWNLOAD}, "cd", "ebu-r128"',
    )
    run = built(document, folder / "out")
    assert run.exit_code == 0, run.refused
    return document, folder / "out"


def files(folder: Path, target: str) -> list[Path]:
    return sorted(p for p in (folder / target).iterdir() if p.suffix in {".flac", ".mp3", ".wav"})


def test_tracks_keep_their_relations_wherever_an_album_is_played(
    released: tuple[Path, Path],
) -> None:
    document, out = released
    mixes = [lufs_by_ffmpeg(document.parent / name) for name in ("one.wav", "two.wav")]
    for target in ("store", "download-mp3"):
        one, two = map(lufs_by_ffmpeg, files(out, target))
        # The chain's bell lifts one noise as it does the other, within a tenth.
        assert one - two == pytest.approx(mixes[0] - mixes[1], abs=0.1)
    found = {f["path"]: f["figures"] for f in record(out)["files"] if f["figures"]}
    relations = [
        found[f"{target}/01 Nobody - One{suffix}"]["integrated_lufs"]
        - found[f"{target}/02 Nobody - Two{suffix}"]["integrated_lufs"]
        for target, suffix in (("store", ".flac"), ("download-mp3", ".mp3"))
    ]
    assert relations[0] == pytest.approx(relations[1], abs=0.05)


def test_a_broadcaster_gets_every_track_at_its_own_loudness(released: tuple[Path, Path]) -> None:
    for path in files(released[1], "ebu-r128"):
        assert lufs_by_ffmpeg(path) == pytest.approx(-23.0, abs=0.11)
        assert sf.info(path).samplerate == 48_000
        data = path.read_bytes()
        place = data.index(b"bext") + 8
        assert int.from_bytes(data[place + 346 : place + 348], "little") == 2  # EBU Tech 3285 v2
        loudness = int.from_bytes(data[place + 412 : place + 414], "little", signed=True)
        assert loudness / 100 == pytest.approx(-23.0, abs=0.05)


def record(folder: Path) -> Any:
    return json.loads((folder / "release.json").read_text())


def test_tags_are_read_by_mutagen(released: tuple[Path, Path]) -> None:
    flac = flac_tags(files(released[1], "store")[0])
    assert flac["TITLE"] == ["One"]
    assert flac["ISRC"] == ["QZAB12600001"]
    assert flac["ALBUM"] == ["Short"]
    mp3 = mp3_tags(files(released[1], "download-mp3")[1])
    assert mp3["TIT2"].text == ["Two"]
    assert mp3["TRCK"].text == ["2/2"]
    gains = {frame.desc.lower(): frame.text[0] for frame in mp3.getall("TXXX")}
    loudness = lufs_by_ffmpeg(files(released[1], "download-mp3")[1])
    track_gain = float(gains["replaygain_track_gain"].removesuffix(" dB"))
    assert track_gain == pytest.approx(-18.0 - loudness, abs=0.06)
    assert mp3.getall("APIC")[0].mime == "image/png"


def test_the_albums_gain_is_that_of_all_tracks_as_one_programme(
    released: tuple[Path, Path], tmp_path: Path
) -> None:
    audio = np.concatenate([sf.read(path)[0] for path in files(released[1], "download-mp3")])
    sf.write(tmp_path / "all.wav", audio, RATE, subtype="FLOAT")
    mp3 = mp3_tags(files(released[1], "download-mp3")[0])
    gains = {frame.desc.lower(): frame.text[0] for frame in mp3.getall("TXXX")}
    album_gain = float(gains["replaygain_album_gain"].removesuffix(" dB"))
    assert album_gain == pytest.approx(-18.0 - lufs_by_ffmpeg(tmp_path / "all.wav"), abs=0.1)


def test_the_disc_holds_the_tracks_and_its_list_is_right(released: tuple[Path, Path]) -> None:
    disc = released[1] / "cd"
    info = sf.info(disc / "disc.wav")
    assert (info.samplerate, info.channels, info.subtype) == (44_100, 2, "PCM_16")
    assert info.frames % 588 == 0
    assert info.duration == pytest.approx(12.0, abs=0.02)  # 5 s, a gap of 2 s, 5 s
    cue = (disc / "disc.cue").read_text("latin-1")
    assert "CATALOG 0036000291452" in cue
    assert "ISRC QZAB12600002" in cue


def test_every_file_is_in_the_record_and_green(released: tuple[Path, Path]) -> None:
    out = released[1]
    found = check_release(out)
    assert found.passes, [proof.words for proof in found.files if proof.faults]
    listed = {each["path"] for each in record(out)["files"]}
    assert listed == set(contents(out)) - {"release.json"}
    for line in (out / "checksums.sha256").read_text().splitlines():
        wanted, place = line.split("  ", 1)
        assert hashlib.sha256((out / place).read_bytes()).hexdigest() == wanted


def test_a_rebuild_makes_nothing_and_elsewhere_the_same_bytes(
    released: tuple[Path, Path], tmp_path: Path
) -> None:
    document, out = released
    before = contents(out)
    again = built(document, out, threads=1)
    assert again.made == ()
    assert contents(out) == before
    built(document, tmp_path / "other", threads=1)
    assert contents(tmp_path / "other") == before


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, Path]:
    """An album at one target and one download, to be changed."""
    document = album(tmp_path, targets=f'"store.toml", {DOWNLOAD}')
    out = tmp_path / "out"
    assert built(document, out).exit_code == 0
    return document, out


def test_one_tracks_rebuild_changes_no_other_byte_nor_its_own_loudness(
    small: tuple[Path, Path],
) -> None:
    document, out = small
    before = contents(out)
    song(document.parent / "two.wav", +4.0, 9)  # another mix, and louder
    run = built(document, out)
    assert set(run.made) == {"store/02 Nobody - Two.flac", "download-mp3/02 Nobody - Two.mp3"}
    after = contents(out)
    for place in ("store/01 Nobody - One.flac", "download-mp3/01 Nobody - One.mp3"):
        assert after[place] == before[place]
    for place in run.made:
        assert after[place] != before[place]
    old = out.parent / "old.flac"
    old.write_bytes(before["store/02 Nobody - Two.flac"])
    now = lufs_by_ffmpeg(out / "store" / "02 Nobody - Two.flac")
    assert now == pytest.approx(lufs_by_ffmpeg(old), abs=0.11)
    assert check_release(out).passes


def test_an_albums_levels_move_only_when_told_to(small: tuple[Path, Path]) -> None:
    document, out = small
    before = contents(out)
    loud, soft = map(lufs_by_ffmpeg, files(out, "store"))
    apart = loud - soft
    with pytest.raises(DocumentError, match="--refreeze"):
        built(document, out, "track.2.level_offset_db=2.0")
    assert contents(out) == before
    built(document, out, "track.2.level_offset_db=2.0", refreeze=True)
    one, two = map(lufs_by_ffmpeg, files(out, "store"))
    assert one - two == pytest.approx(apart - 2.0, abs=0.05)


def test_nothing_of_somebody_elses_is_replaced(small: tuple[Path, Path], tmp_path: Path) -> None:
    document, out = small
    edited = out / "store" / "01 Nobody - One.flac"
    edited.write_bytes(b"mine")
    with pytest.raises(OutputError, match="edited since it was released"):
        built(document, out)
    assert edited.read_bytes() == b"mine"
    assert built(document, out, overwrite=True).made == ("store/01 Nobody - One.flac",)
    assert check_release(out).passes
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds no release"):
        built(document, other)
    assert contents(other) == {"letter.txt": b"mine"}


def test_a_failure_while_everything_changes_places_leaves_the_old_release(
    small: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    document, out = small
    before = contents(out)
    song(document.parent / "two.wav", -3.0, 11)
    moved: list[Path] = []
    rename = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if ".part" in self.name:  # a file that is being made
            return rename(self, target)
        if len(moved) == 5:
            moved.append(self)
            raise OSError(28, "No space left on device", str(target))
        moved.append(self)
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(OutputError, match="No space left"):
        built(document, out)
    assert len(moved) > 6  # it was put back
    monkeypatch.undo()
    assert contents(out) == before
    assert check_release(out).passes


def test_two_builds_into_one_folder_do_not_meet(tmp_path: Path) -> None:
    with (
        ReleaseFolder(tmp_path / "out"),
        pytest.raises(OutputError, match="another build"),
        ReleaseFolder(tmp_path / "out"),
    ):
        pass
    assert not (tmp_path / "out").exists()


def test_what_is_refused_leaves_nothing_and_says_why_with_figures(tmp_path: Path) -> None:
    document = album(
        tmp_path,
        tracks='[[track]]\nmaster = "quiet.wav"\ntitle = "Quiet"\n',
        targets='"ebu-r128"',
    )
    quiet = lufs_by_ffmpeg(song(tmp_path / "quiet.wav", -20.0, 3))
    assert quiet < -24.0
    run = built(document, tmp_path / "out")
    assert run.exit_code == 1
    (refused,) = run.refused
    assert refused.figures["wanted_lufs"] == -23.0
    assert refused.figures["reachable_lufs"] == pytest.approx(quiet, abs=0.05)
    assert "an approved master is only turned down" in refused.reason
    assert not (tmp_path / "out").exists()


def test_an_approved_master_is_delivered_bit_for_bit_where_nothing_has_to_change(
    tmp_path: Path,
) -> None:
    document = album(
        tmp_path,
        tracks='[[track]]\nmaster = "done.wav"\ntitle = "Done"\n',
        targets='"tidal"',
        text='art = "art.png"',
    )
    cover(tmp_path / "art.png", 1400)
    song(tmp_path / "done.wav", -3.0, 3)
    document.write_text(
        document.read_text().replace('title = "Done"', 'title = "Done"\nisrc = "QZAB12600009"')
    )
    assert built(document, tmp_path / "out").exit_code == 0
    (flac,) = files(tmp_path / "out", "tidal")
    wanted, _ = sf.read(tmp_path / "done.wav", dtype="int32")
    assert np.array_equal(sf.read(flac, dtype="int32")[0], wanted)


def test_an_approved_master_over_the_ceiling_is_turned_down_and_no_more(tmp_path: Path) -> None:
    document = album(
        tmp_path,
        tracks='[[track]]\nmaster = "hot.wav"\ntitle = "Hot"\n',
    )
    hot = song(tmp_path / "hot.wav", 5.0, 3)
    peak = np.abs(sf.read(hot)[0]).max()
    assert peak > 10 ** (-1 / 20)
    assert built(document, tmp_path / "out").exit_code == 0
    (flac,) = files(tmp_path / "out", "store")
    before, after = sf.read(hot)[0], sf.read(flac)[0]
    gain = float((before * after).sum() / np.square(before).sum())
    assert gain < 1.0
    # A gain and dither of 16 bits: nothing was limited.
    assert np.abs(after - gain * before).max() < 2.0 / 32_768


def test_hostile_words_give_safe_names_and_whole_tags(tmp_path: Path) -> None:
    title = "../../\u202eevil<img onerror=x>\U0001f600 CON" + "a" * 10_000
    document = album(
        tmp_path,
        'art = "cover.png"',
        tracks=f'[[track]]\nmix = "one.wav"\ntitle = {json.dumps(title, ensure_ascii=False)}\n'
        '[[track]]\nmix = "two.wav"\ntitle = "NUL"\nartist = "\u05e9\u05dc\u05d5\u05dd/"\n',
    )
    cover(tmp_path / "cover.png")
    run = built(document, tmp_path / "out")
    assert run.exit_code == 0, run.refused
    out = tmp_path / "out"
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "out") == sorted(
        ["album.toml", "cover.png", "one.wav", "plain.toml", "store.toml", "two.wav"]
    )
    one, two = files(out, "store")
    assert len(one.name.encode()) < 255
    assert not set('<>:"\\|?*\u202e') & set(one.name + two.name)
    assert flac_tags(one)["TITLE"] == [title]
    assert flac_tags(two)["ARTIST"] == ["\u05e9\u05dc\u05d5\u05dd/"]
    assert "<img onerror" not in (out / "index.html").read_text()
    assert check_release(out).passes
