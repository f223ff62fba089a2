"""release.json: the same text for the same release, and no word of a stranger's taken on trust."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.release.proof_releases import album_of, build

from mixmaster.errors import AudioFileError, DocumentError
from mixmaster.mixing.prints.file_names import folded
from mixmaster.release.proof.checking import check_release
from mixmaster.release.proof.lists import clock, tracks_csv
from mixmaster.release.proof.places import wrong_with
from mixmaster.release.proof.record import ReleaseRecord
from mixmaster.release.proof.writing import parse_record, read_record, record_text, write_record


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("record") / "release"
    build(folder)
    return folder


def table_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "release.json").read_bytes())
    return found


def sealed(table: dict[str, Any]) -> bytes:
    """Return a record as a stranger would forge it, with a seal that fits."""
    rest = {key: value for key, value in table.items() if key not in {"schema", "seal"}}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=True)
    seal = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps({"schema": table["schema"], "seal": seal, **rest}).encode()


def test_a_record_comes_back_as_it_was_written(release: Path) -> None:
    record = read_record(release)
    assert record_text(record).encode() == (release / "release.json").read_bytes()
    assert [file.path for file in record.files[:2]] == ["flac/01 Track.flac", "flac/02 Track.flac"]
    assert record.album.tracks[1].writers == ("Ada Quay", "Ben Moor")


def test_two_builds_of_one_album_are_the_same_bytes(release: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "out"
    build(other)
    places = [p.relative_to(release) for p in sorted(release.rglob("*")) if p.is_file()]
    assert len(places) == 12
    for place in places:
        assert (other / place).read_bytes() == (release / place).read_bytes(), place
    text = (release / "release.json").read_text(encoding="utf-8")
    assert str(tmp_path.parent) not in text
    assert os.uname().nodename not in text


def test_the_checksums_are_what_sha256sum_reads(release: Path) -> None:
    lines = (release / "checksums.sha256").read_text().splitlines()
    said = {line[66:]: line[:64] for line in lines}
    assert len(said) == 10  # all but the list itself and release.json
    for place, sha256 in said.items():
        assert hashlib.sha256((release / place).read_bytes()).hexdigest() == sha256
    tool = Path("/usr/bin/sha256sum")
    if tool.exists():
        subprocess.run([tool, "-c", "--strict", "checksums.sha256"], cwd=release, check=True)


@pytest.mark.parametrize(
    "place",
    [
        "../outside.wav",
        "a/../../outside.wav",
        "/etc/passwd",
        "./a.wav",
        "a//b.wav",
        "a/",
        "",
        "C:\\autoexec.bat",
        "C:/autoexec.bat",
        "a\\b.wav",
        "a\x00b.wav",
        "a\nb.wav",
        "a\u202eb.wav",
        "a./b.wav",
        "a /b.wav",
        "x" * 256 + ".wav",
        "/".join(["x" * 100] * 12),
        "con?.wav",
        "con.wav",
        "spotify/LPT1 .tar.wav",
    ],
)
def test_no_place_leads_out_of_the_folder(release: Path, place: str) -> None:
    assert wrong_with(place)
    table = table_of(release)
    table["files"][0]["path"] = place
    with pytest.raises(DocumentError, match=r"files\.1\.path"):
        parse_record(sealed(table), where="release.json")


def test_places_that_are_one_file_on_some_system_are_refused(release: Path) -> None:
    assert folded("Caf\u00e9.WAV") == folded("Cafe\u0301.wav")
    table = table_of(release)
    table["files"][1]["path"] = table["files"][0]["path"].upper()
    with pytest.raises(DocumentError, match=r"the same as 'flac/01 Track\.flac'"):
        parse_record(sealed(table), where="release.json")
    table["files"][1]["path"] = "RELEASE.json"
    with pytest.raises(DocumentError, match=r"the same as 'release\.json'"):
        parse_record(sealed(table), where="release.json")


@pytest.mark.parametrize(
    ("keys", "value", "said"),
    [
        (("album", "title"), 7, "album.title"),
        (("album", "title"), "x" * 70_000, "album.title"),
        (("album", "tracks"), [], "album.tracks"),
        (("files",), [], "files"),
        (("files", 0, "sha256"), "00", "sha256"),
        (("files", 0, "sha256"), "0" * 64 + "\n", "sha256"),
        (("files", 0, "bytes"), -1, "bytes"),
        (("files", 0, "bytes"), True, "bytes"),
        (("files", 0, "kind"), "virus", "kind"),
        (("files", 0, "target"), "elsewhere", "target"),
        (("files", 0, "track"), 99, "track"),
        (("files", 0, "audio", "frames"), 1 << 62, "frames"),
        (("files", 0, "audio", "sample_rate_hz"), 1, "sample_rate_hz"),
        (("files", 0, "audio"), None, "audio"),
        (("files", 0, "tags", "title"), 3, "tags"),
        (("files", 0, "tags", "unknown"), "x", "tags"),
        (("files", 0, "tags", "replay_gain"), {"track_gain_db": "loud"}, "tags"),
        (("files", 0, "broadcast"), {"time_reference": "now"}, "broadcast"),
        (("files", 0, "broadcast"), {"description": "\u00e9"}, "broadcast"),
        (("surprise",), 1, "surprise"),
    ],
)
def test_what_does_not_fit_is_named(
    release: Path, keys: tuple[str | int, ...], value: object, said: str
) -> None:
    table = table_of(release)
    at: Any = table
    for key in keys[:-1]:
        at = at[key]
    at[keys[-1]] = value
    with pytest.raises(DocumentError) as caught:
        parse_record(sealed(table), where="release.json")
    assert said in str(caught.value)


def test_a_record_that_was_edited_by_hand_says_so(release: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(release, tmp_path / "copy"))
    text = (copy / "release.json").read_text(encoding="utf-8")
    edited = text.replace('"title": "Undertow"', '"title": "Overtow"', 1)
    assert edited != text
    (copy / "release.json").write_text(edited, encoding="utf-8")
    with pytest.raises(DocumentError, match="it was edited after it was written"):
        read_record(copy)
    check = check_release(copy)  # all else is proven all the same
    assert not check.passes
    assert check.counts()["green"] == 11
    assert "'release.json': it was edited" in check.extra[0].text


def test_what_else_decodes_here_is_said_and_is_no_fault(release: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(release, tmp_path / "copy"))
    record = read_record(copy)
    write_record(copy, record.model_copy(update={"versions": {"libsndfile": "0.9\x1b[2J"}}))
    check = check_release(copy)
    assert check.passes
    (note,) = check.notes
    assert note.startswith("made with libsndfile 0.9\\x1b[2J; here it is ")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no JSON",
        b"[1, 2]",
        b"{}",
        b'{"schema": "mixmaster/release/1", "x": NaN}',
        b"[" * 200_000,
        b'{"schema": "mixmaster/release/1", "levels": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_001,
        b'{"schema": "mixmaster/release/1", "album": "\xff"}',
        b'{"schema": "mixmaster/manifest/1"}',
    ],
    ids=["empty", "text", "list", "bare", "nan", "deep", "deep_levels", "bytes", "manifest"],
)
def test_what_is_no_record_is_one_clear_error(data: bytes) -> None:
    with pytest.raises(DocumentError, match=r"no record of a release|problems|levels"):
        parse_record(data, where="release.json")


def test_a_record_of_a_later_version_says_what_reads_it(release: Path) -> None:
    table = {**table_of(release), "schema": "mixmaster/release/2"}
    with pytest.raises(DocumentError, match="use the mixmaster that wrote it"):
        parse_record(json.dumps(table).encode(), where="release.json")


def test_release_json_itself_may_be_no_link_and_not_without_end(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="there is no record of a release"):
        read_record(tmp_path)
    (tmp_path / "release.json").symlink_to("/dev/zero")
    with pytest.raises(AudioFileError, match="no regular file"):
        read_record(tmp_path)
    (tmp_path / "release.json").unlink()
    with (tmp_path / "release.json").open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(DocumentError, match="too large"):
        read_record(tmp_path)


def test_no_figure_of_a_record_is_a_number_that_json_does_not_have(release: Path) -> None:
    def walk(value: object) -> None:
        if isinstance(value, dict):
            for item in value.values():
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)
        elif isinstance(value, float):
            assert math.isfinite(value)

    walk(table_of(release))
    assert isinstance(read_record(release), ReleaseRecord)


def test_the_track_list_is_csv_that_no_spreadsheet_runs() -> None:
    titles = ('=HYPERLINK("http://x","y")', 'Quote " and, comma', "Two\nlines", "+1", "Plain")
    data = tracks_csv(album_of(titles))
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    found = [row["title"] for row in rows]
    assert found == ["'" + titles[0], titles[1], titles[2], "'+1", "Plain"]
    assert rows[0]["isrc"] == "QZAB12600001"
    assert rows[1]["explicit"] == "yes"
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0:00"), (59.5, "1:00"), (247.2, "4:07"), (3753.0, "1:02:33")]
)
def test_lengths_read_as_people_say_them(seconds: float, text: str) -> None:
    assert clock(seconds) == text
