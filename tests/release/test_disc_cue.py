"""CUE sheets: written for strict readers, read by a stranger's, and read strictly here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from deflacue.parser import CueParser
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.errors import AudioFileError
from mixmaster.release.cd.cue import cue_text
from mixmaster.release.cd.disc import Disc, DiscTrack
from mixmaster.release.cd.plan import plan_cd
from mixmaster.release.cd.reading_cue import CueSheet, read_cue
from mixmaster.release.cd.sheet import COPY_PERMITTED, PRE_EMPHASIS, Words

TRACKS = [
    DiscTrack(Path("1.wav"), Words("Été", "Björk", "A. Writer"), isrc="QZ-AB1-26-00001"),
    DiscTrack(Path("2.wav"), Words('The "Two"'), gap_s=0.0, copy_permitted=True),
    DiscTrack(Path("3.wav"), Words("Three"), pre_emphasis=True, copy_permitted=True),
]
DISC = Disc(Words("Album", "Various"), upc="0614141000036")
FRAMES = [200 * 44_100, 200 * 44_100 + 300, 100 * 44_100]


def sheet_text() -> bytes:
    return cue_text(plan_cd(TRACKS, DISC, FRAMES).sheet, "disc.wav")


def read(tmp_path: Path, text: str | bytes) -> CueSheet:
    path = tmp_path / "disc.cue"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("latin-1"))
    return read_cue(path)


def test_the_sheet_is_what_burners_ask_for() -> None:
    text = sheet_text()
    assert text == (
        b'CATALOG 0614141000036\r\nTITLE "Album"\r\nPERFORMER "Various"\r\n'
        b'FILE "disc.wav" WAVE\r\n'
        b'  TRACK 01 AUDIO\r\n    TITLE "\xc9t\xe9"\r\n    PERFORMER "Bj\xf6rk"\r\n'
        b'    SONGWRITER "A. Writer"\r\n    ISRC QZAB12600001\r\n    INDEX 01 00:00:00\r\n'
        b'  TRACK 02 AUDIO\r\n    TITLE "The \'Two\'"\r\n    PERFORMER "Various"\r\n'
        b"    FLAGS DCP\r\n    INDEX 01 03:20:00\r\n"
        b'  TRACK 03 AUDIO\r\n    TITLE "Three"\r\n    PERFORMER "Various"\r\n'
        b"    FLAGS DCP PRE\r\n    INDEX 00 06:40:01\r\n    INDEX 01 06:42:01\r\n"
    )


def test_a_stranger_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "disc.cue"
    path.write_bytes(sheet_text())
    found = CueParser.from_file(path, encoding="latin-1").run()
    assert found.meta.data["CATALOG"] == "0614141000036"
    assert (found.meta.data["ALBUM"], found.meta.data["PERFORMER"]) == ("Album", "Various")
    assert [(file.path.name, file.type) for file in found.files] == [("disc.wav", "WAVE")]
    assert [track.start for track in found.tracks] == [0, 200 * 44_100, 402 * 44_100 + 588]
    assert [track.title for track in found.tracks] == ["Été", "The 'Two'", "Three"]
    assert found.tracks[0].data["ISRC"] == "QZAB12600001"
    assert found.tracks[2].data["FLAGS"] == "DCP PRE"


def test_it_reads_back(tmp_path: Path) -> None:
    sheet = read(tmp_path, sheet_text())
    assert (sheet.file, sheet.file_type, sheet.catalogue) == ("disc.wav", "WAVE", "0614141000036")
    assert sheet.words == Words("Album", "Various")
    assert sheet.tracks[0].words == Words("Été", "Björk", "A. Writer")
    assert [track.indexes for track in sheet.tracks] == [
        ((1, 0),),
        ((1, 15_000),),
        ((0, 30_001), (1, 30_151)),
    ]
    assert [track.flags for track in sheet.tracks] == [(), ("DCP",), ("DCP", "PRE")]
    controls = [track.control for track in plan_cd(TRACKS, DISC, FRAMES).sheet.tracks]
    assert controls == [0, COPY_PERMITTED, COPY_PERMITTED | PRE_EMPHASIS]


def test_other_makers_sheets_are_read(tmp_path: Path) -> None:
    text = (
        "REM COMMENT made elsewhere\n\nPERFORMER Someone\nFILE song.bin BINARY\n"
        'TRACK 1 AUDIO\nTITLE "a "quoted" word"\nCOMPOSER "C"\nINDEX 1 0:0:0\nINDEX 2 0:10:5\n'
    )
    sheet = read(tmp_path, text)
    assert (sheet.file, sheet.file_type) == ("song.bin", "BINARY")
    assert sheet.words.performer == "Someone"
    assert sheet.tracks[0].words == Words('a "quoted" word', composer="C")
    assert sheet.tracks[0].indexes == ((1, 0), (2, 755))


HEAD = 'FILE "a.wav" WAVE\n'
TRACK = "TRACK 01 AUDIO\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + TRACK + "INDEX 01 00:60:00\n", "line 3: 00:60:00 is no time"),
        (HEAD + TRACK + "INDEX 01 00:00:75\n", "line 3: 00:00:75 is no time"),
        (HEAD + TRACK + "INDEX 02 00:00:00\n", "line 3: INDEX 02 is out of sequence"),
        (HEAD + TRACK, "track 1 has no INDEX 01"),
        (HEAD + TRACK + "INDEX 01 00:00:00\nISRC QZ-AB1-26-00001\n", "line 4: ISRC needs"),
        (HEAD + "TRACK 02 AUDIO\n", "line 2: track 2 follows 0 tracks"),
        (HEAD + "TRACK 01 MODE1/2352\n", "line 2: TRACK needs"),
        (HEAD + TRACK + "INDEX 01 00:10:00\nTRACK 02 AUDIO\nINDEX 01 00:05:00\n", "line 5"),
        (HEAD + HEAD, "line 2: a second FILE"),
        ("CATALOG 123\n" + HEAD, "line 1: CATALOG needs 13 digits"),
        (HEAD + TRACK + "INDEX 01 00:00:00\nPREGAP 00:02:00\n", "line 4: the command PREGAP"),
        (HEAD + TRACK + "FLAGS dcp\n", "line 3: FLAGS are"),
        (HEAD + TRACK + 'TITLE "open\n', "line 3: a quoted text has no end"),
        ("", "there is no FILE"),
        ("\xef\xbb\xbf" + HEAD, "byte order mark"),
    ],
)
def test_wrong_sheets_are_refused_by_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(AudioFileError, match=re.escape(said)):
        read(tmp_path, text)


def test_no_sheet_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match=r"none\.cue: there is no such file"):
        read_cue(tmp_path / "none.cue")


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=300), at=st.integers(0, 500))
def test_any_bytes_are_a_sheet_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, at: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.cue"
    good = sheet_text()
    for text in (data, good[:at] + data + good[at + len(data) :]):
        path.write_bytes(text)
        where = ""
        try:
            found = read_cue(path)
        except AudioFileError as error:
            where = error.where
        assert "fuzzed.cue" in where or found.tracks
