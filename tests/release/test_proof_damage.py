"""A release's folder checked from itself: every kind of damage is found, and has its name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mutagen.flac
import mutagen.mp3
import numpy as np
import pytest
import soundfile
from tests.release.proof_releases import RATE_HZ, build, tone, write_sound

from mixmaster.audio.formats import Container
from mixmaster.audio.tags import Tags
from mixmaster.errors import AudioFileError
from mixmaster.release.proof.answers import Proof, ReleaseCheck
from mixmaster.release.proof.checking import check_release
from mixmaster.release.proof.proving import prove_file
from mixmaster.release.proof.recording import recorded
from mixmaster.release.proof.writing import read_record, write_record

FIRST, SECOND, THIRD = (f"flac/{i:02d} Track.flac" for i in (1, 2, 3))
LOSSY = "mp3/02 Track.mp3"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("damage") / "release"
    build(folder)
    return folder


@pytest.fixture
def release(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "copy"))


def proof_of(check: ReleaseCheck, place: str) -> Proof:
    return next(proof for proof in check.files if proof.path == place)


def codes(check: ReleaseCheck, place: str) -> set[str]:
    return {fault.code for fault in proof_of(check, place).faults}


def only_red(check: ReleaseCheck, *places: str) -> None:
    assert {proof.path for proof in check.files if proof.state == "red"} == set(places)
    assert check.state == ("red" if places or check.extra else "green")


def test_a_whole_release_is_green_wherever_it_lies(release: Path) -> None:
    check = check_release(release)
    assert check.passes
    assert check.counts() == {"green": 11, "red": 0, "unchecked": 0}
    assert [proof.words for proof in check.files] == [""] * 11
    assert all(proof.tags_reader for proof in check.files if proof.figures)
    assert json.loads(json.dumps(check.to_json()))["passes"] is True


def test_threads_change_no_word(release: Path) -> None:
    (release / SECOND).write_bytes(b"not audio")
    one, two = (check_release(release, threads=count).to_json() for count in (1, 2))
    assert one == two


def test_a_missing_file(release: Path) -> None:
    (release / SECOND).unlink()
    check = check_release(release)
    only_red(check, SECOND)
    assert proof_of(check, SECOND).words == "it is missing"


def test_a_renamed_file_is_found_where_it_is(release: Path) -> None:
    (release / SECOND).rename(release / "flac" / "02 Undertow.flac")
    check = check_release(release)
    only_red(check, SECOND)
    assert "renamed: it lies there as 'flac/02 Undertow.flac'" in proof_of(check, SECOND).words
    assert check.extra == ()


def test_two_swapped_files_are_recognised_by_their_hashes(release: Path) -> None:
    (release / FIRST).rename(release / "x")
    (release / THIRD).rename(release / FIRST)
    (release / "x").rename(release / THIRD)
    check = check_release(release)
    only_red(check, FIRST, THIRD)
    assert proof_of(check, FIRST).words == (
        f"it was swapped with '{THIRD}': each lies under the other name"
    )
    assert codes(check, THIRD) == {"swapped"}


def test_three_files_in_a_ring_say_whose_place_each_has(release: Path) -> None:
    (release / FIRST).rename(release / "x")
    (release / SECOND).rename(release / FIRST)
    (release / THIRD).rename(release / SECOND)
    (release / "x").rename(release / THIRD)
    check = check_release(release)
    only_red(check, FIRST, SECOND, THIRD)
    assert proof_of(check, FIRST).words == f"it holds what belongs into '{SECOND}'"
    assert proof_of(check, THIRD).words == f"it holds what belongs into '{FIRST}'"


def test_one_file_over_another_is_told_from_a_swap(release: Path) -> None:
    shutil.copyfile(release / FIRST, release / SECOND)
    check = check_release(release)
    only_red(check, SECOND)
    assert codes(check, SECOND) == {"misplaced"}


@pytest.mark.parametrize("place", [FIRST, LOSSY, "art/cover.png", "tracks.csv"])
def test_a_truncated_file(release: Path, place: str) -> None:
    whole = (release / place).read_bytes()
    (release / place).write_bytes(whole[: len(whole) * 2 // 3])
    check = check_release(release)
    only_red(check, place)
    assert "truncated" in codes(check, place)
    said = f"it has {len(whole) * 2 // 3:,} bytes, {len(whole):,} were released"
    assert said in proof_of(check, place).words


def test_an_empty_file(release: Path) -> None:
    (release / FIRST).write_bytes(b"")
    check = check_release(release)
    only_red(check, FIRST)
    assert {"truncated", "unreadable"} <= codes(check, FIRST)


def test_an_edited_tag_is_named_and_the_sound_is_cleared(release: Path) -> None:
    tags: Any = mutagen.flac.FLAC(release / FIRST)  # type: ignore[no-untyped-call]
    tags["ISRC"] = ["QZXX92600099"]
    tags.save()
    check = check_release(release)
    only_red(check, FIRST)
    proof = proof_of(check, FIRST)
    assert {"edited", "tags"} <= codes(check, FIRST)
    assert "sound" not in codes(check, FIRST)
    assert "isrc: 'QZXX92600099' where 'QZAB12600001' is expected" in proof.words
    assert any("its sound is what was released" in remark for remark in proof.remarks)


def test_of_a_lossy_file_with_another_tag_the_sound_measures_the_same(release: Path) -> None:
    tags: Any = mutagen.mp3.MP3(release / LOSSY)  # type: ignore[no-untyped-call]
    tags["TSRC"].text = ["QZXX92600099"]
    tags.save()
    proof = proof_of(check_release(release), LOSSY)
    assert {fault.code for fault in proof.faults} == {"edited", "tags"}
    assert proof.remarks == ("its sound measures as what was released does",)


def test_an_edited_sound_is_named_and_its_figures_too(release: Path) -> None:
    louder = tone(0, peak=0.97)
    soundfile.write(release / FIRST, louder.T, RATE_HZ, subtype="PCM_24")
    check = check_release(release)
    only_red(check, FIRST)
    assert {"edited", "sound", "true_peak", "figures", "tags"} <= codes(check, FIRST)
    assert "over the -1 that are accepted" in proof_of(check, FIRST).words


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"rate": 44_100}, "rate", "44100 Hz, 48000 is wanted"),
        ({"depth": "PCM_16"}, "depth", "16 bits, 24 bits are wanted"),
        ({"mono": True}, "channels", "1 channels, 2 are wanted"),
        ({"frames": 1_000}, "length", "decodes to 191000 frames"),
        ({"format": "WAV"}, "format", "it is wav, flac is wanted"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_another_form_is_named(release: Path, change: dict[str, Any], code: str, said: str) -> None:
    audio = tone(0)[:, change.get("frames", 0) :]
    audio = audio[:1] if change.get("mono") else audio
    soundfile.write(
        release / FIRST,
        audio.T,
        change.get("rate", RATE_HZ),
        subtype=change.get("depth", "PCM_24"),
        format=change.get("format", "FLAC"),
    )
    check = check_release(release)
    assert code in codes(check, FIRST)
    assert said in proof_of(check, FIRST).words


def test_nan_in_a_file_is_named_with_its_time(release: Path) -> None:
    audio = tone(0)
    audio[1, RATE_HZ] = np.nan
    soundfile.write(release / FIRST, audio.T, RATE_HZ, subtype="FLOAT", format="WAV")
    check = check_release(release)
    assert "signal" in codes(check, FIRST)
    assert "1.000 s" in proof_of(check, FIRST).words


def test_what_does_not_belong_there_is_named(release: Path) -> None:
    (release / "flac" / "04 Bonus.flac").write_bytes(b"x")
    shutil.copyfile(release / FIRST, release / "flac" / "copy of 01.flac")
    (release / "link.flac").symlink_to(release / FIRST)
    (release / ".DS_Store").write_bytes(b"x")
    (release / "flac" / "._01 Track.flac").write_bytes(b"x")
    check = check_release(release)
    only_red(check)
    assert [fault.text for fault in check.extra] == [
        "'flac/04 Bonus.flac' belongs to no part of the release",
        f"'flac/copy of 01.flac' is a copy of '{FIRST}' that nobody released",
        "'link.flac' is a link, and belongs to no part of the release",
    ]
    assert not check.passes


def _outside(release: Path) -> None:
    outside = release.parent / "secret.flac"
    shutil.copyfile(release / FIRST, outside)
    (release / FIRST).unlink()
    (release / FIRST).symlink_to(outside)


def _pipe(release: Path) -> None:
    (release / FIRST).unlink()
    os.mkfifo(release / FIRST)


def _folder(release: Path) -> None:
    (release / FIRST).unlink()
    (release / FIRST).mkdir()


def _ring(release: Path) -> None:
    (release / FIRST).unlink()
    (release / FIRST).symlink_to(release / FIRST)


def _folder_outside(release: Path) -> None:
    (release / "flac").rename(release.parent / "flac")
    (release / "flac").symlink_to(release.parent / "flac")


@pytest.mark.parametrize("harm", [_outside, _pipe, _folder, _ring, _folder_outside])
def test_nothing_is_read_but_regular_files_inside(
    release: Path, harm: Callable[[Path], None]
) -> None:
    harm(release)
    check = check_release(release)
    proof = proof_of(check, FIRST)
    assert proof.state == "red"
    assert proof.sha256 is None
    assert proof.figures is None


def test_a_discs_files_are_held_to_each_other_but_nothing_outside_is_read(
    release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (release / "cd").mkdir()
    (release / "cd" / "disc.cue").write_bytes(b"no sheet")
    record = read_record(release)
    sheet = recorded(release, "cd/disc.cue", "disc")
    write_record(release, record.model_copy(update={"files": (*record.files, sheet)}))
    check = check_release(release)
    only = {fault.code for fault in check.disc}
    assert only == {"disc"}
    assert any("disc.cue" in fault.text for fault in check.disc)
    assert proof_of(check, "cd/disc.cue").state == "green"
    assert not check.passes
    secret = release.parent / "secret"
    secret.write_bytes(b"")
    (release / "cd" / "disc.wav").symlink_to(secret)

    def forbidden(folder: Path) -> Any:
        raise AssertionError(folder)

    monkeypatch.setattr("mixmaster.release.proof.checking.check_cd", forbidden)
    again = check_release(release)
    assert again.disc == ()
    assert not again.passes


def test_a_folder_that_is_none_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="there is no such folder"):
        check_release(tmp_path / "nowhere")
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(AudioFileError, match="no folder"):
        check_release(tmp_path / "file")
    with pytest.raises(AudioFileError, match=r"no record of a release"):
        check_release(tmp_path)


def test_a_folder_with_too_much_in_it_is_not_walked_to_its_end(
    release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mixmaster.release.proof.folder.MOST_ENTRIES", 5)
    with pytest.raises(AudioFileError, match="no release's folder"):
        check_release(release)


@pytest.fixture
def without_pyav(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide PyAV, as where the extra is not installed."""
    for name in [name for name in sys.modules if name.startswith("av.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "av", None)


@pytest.mark.usefixtures("without_pyav")
def test_without_the_extra_what_needs_none_is_proven_all_the_same(release: Path) -> None:
    check = check_release(release)
    assert check.passes
    readers = {proof.tags_reader for proof in check.files if proof.figures}
    assert readers == {"mixmaster"}


def test_an_end_half_way_leaves_no_thread_behind(
    release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(done: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_release(release, threads=2, progress=interrupted)
    assert (release / "release.json").is_file()
    assert not [each for each in threading.enumerate() if each.name.startswith("prove")]


@pytest.mark.parametrize("container", ["alac", "aac", "opus", "flac"])
def test_no_damage_of_whatever_kind_is_an_accident(tmp_path: Path, container: Container) -> None:
    if container in {"alac", "aac"}:
        pytest.importorskip("av")
    audio = write_sound(tmp_path / "x", tone(0, seconds=1.0), container)
    record = recorded(tmp_path, "x", "master", audio=audio, tags=Tags())
    whole = (tmp_path / "x").read_bytes()
    rng = np.random.default_rng(11)
    for trial in range(24):
        data = bytearray(whole)
        # headers and indexes first: that is where parsers live
        reach = min(len(data), 2_000) if trial % 2 else len(data)
        for at in rng.integers(0, reach, 12):
            data[-at - 1 if trial % 4 == 1 else at] = int(rng.integers(256))
        (tmp_path / "x").write_bytes(data[: int(rng.integers(len(data)))] if trial % 3 else data)
        proof = prove_file(tmp_path, record)
        assert proof.state == "red"
        assert proof.words


def test_a_name_that_is_no_text_is_no_reason_not_to_hear_a_file(tmp_path: Path) -> None:
    pytest.importorskip("av")
    audio = write_sound(tmp_path / "x", tone(0, seconds=1.0), "alac")
    record = recorded(tmp_path, "x", "master", audio=audio)
    whole = (tmp_path / "x").read_bytes()
    assert whole.count(b"SoundHandler") == 1
    (tmp_path / "x").write_bytes(whole.replace(b"SoundHandler", b"SoundH\x93ndler"))
    proof = prove_file(tmp_path, record)
    assert {fault.code for fault in proof.faults} == {"edited"}
    assert proof.figures is not None


def test_memory_does_not_grow_with_a_file(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    code = """
import resource, sys
from pathlib import Path
import numpy as np
from mixmaster.release.proof.meter import hear
path = Path(sys.argv[1])
hear(path / "short.wav")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
hear(path / "long.wav")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    short = np.tile(tone(0), 2).T
    soundfile.write(tmp_path / "short.wav", short, RATE_HZ, subtype="PCM_16")
    with soundfile.SoundFile(tmp_path / "long.wav", "w", RATE_HZ, 2, "PCM_16") as file:
        for _ in range(30):
            file.write(short)
    command = [sys.executable, "-c", code, str(tmp_path)]
    grown = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    # 240 s in float64 are 184 MB; all that may grow is a few numbers a second.
    assert grown < 12_000
