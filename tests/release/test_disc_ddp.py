"""DDP filesets: the bytes that a licensed maker writes, read field by field, from any maker."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.release.discs import md5

from mixmaster.errors import AudioFileError
from mixmaster.release.cd import ddp
from mixmaster.release.cd.cdtext import cd_text
from mixmaster.release.cd.reading_ddp import read_ddp, verify_checksums
from mixmaster.release.cd.sheet import Mark, Sheet, SheetTrack, Words

# The disc of exp/025-embed-cue-full, and the checksums of what cue2ddp 1.1 made of it, recorded by
# the ddp-reverse-eng project: a UPC, an ISRC, pre-emphasis, copies permitted with four channels,
# an index 2, a pause, titles.
FULL = Sheet(
    (
        SheetTrack(1, (Mark(0, 0), Mark(1, 150), Mark(2, 525)), "USABC1111111", 1, Words("One")),
        SheetTrack(2, (Mark(0, 750), Mark(1, 900)), "", 0b1010, Words("Two")),
    ),
    1650,
    "0123456789012",
    Words("Disc"),
)
FULL_SUMS = {
    "DDPID": "dd89c874714f94418b20feea4d9b2ac6",
    "DDPMS": "8cdd88389667f7fdb961eb3e11996f31",
    "CDTEXT.BIN": "665cfffec87796d5236091b226f63deb",
    "SD": "2700efab3adbb14722d72bc321d9589a",
}


def files_of(sheet: Sheet, master_id: str = "") -> dict[str, bytes]:
    """Return a fileset's descriptions, with an image of silence."""
    text = cd_text(sheet.words, [track.words for track in sheet.tracks])
    descriptor = ddp.pq_descriptor(sheet)
    files = {
        "DDPID": ddp.ddp_id(sheet, master_id),
        "DDPMS": ddp.ddp_map(sheet, len(descriptor), len(text)),
        "CDTEXT.BIN": text,
        "SD": descriptor,
        "IMAGE.DAT": bytes(sheet.lead_out * 2352),
    }
    return {name: data for name, data in files.items() if data}


def put(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    listed = "".join(f"{md5(data)} *{name}\n" for name, data in files.items())
    (folder / "CHECKSUM.MD5").write_text(listed)
    return folder


def test_every_file_is_the_one_that_cue2ddp_writes() -> None:
    files = files_of(FULL)
    assert {name: md5(files[name]) for name in FULL_SUMS} == FULL_SUMS
    # exp/007-master-id: 48 characters.
    record = ddp.ddp_id(Sheet((), 0), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijkl")
    assert md5(record) == "6c197ff2f20c4631faaf09aa8a18c9d3"
    # exp/029-99-tracks, one every 4 s.
    tracks = tuple(
        SheetTrack(number, (*first, Mark(1, 150 + 300 * (number - 1))))
        for number, first in ((number, (Mark(0, 0),) * (number == 1)) for number in range(1, 100))
    )
    many = Sheet(tracks, 150 + 300 * 99)
    assert md5(ddp.pq_descriptor(many)) == "c56cf58383f40e9d0aa2c047580d57db"


def test_fields_lie_where_readers_look() -> None:
    """The offsets of the public readers: ddplib, XLD."""
    files = files_of(FULL, "ALBUM 1")
    record = files["DDPID"]
    assert (record[:8], record[8:21], record[38:86].rstrip(), record[87:89]) == (
        *(b"DDP 2.00", b"0123456789012"),
        *(b"ALBUM 1", b"CD"),
    )
    text, pq, audio = (files["DDPMS"][at : at + 128] for at in (0, 128, 256))
    assert (text[4:6], text[14:22], text[30:38], text[74:91]) == (
        *(b"S0", b"      90", b"CDTEXT  "),
        b"CDTEXT.BIN       ",
    )
    assert (pq[4:6], pq[14:22], pq[30:38], pq[74:76]) == (b"S0", b"     512", b"PQ DESCR", b"SD")
    assert (audio[4:6], audio[14:22], audio[38:42], audio[46:50], audio[71:74]) == (
        *(b"D0", b"    1650", b"DA71", b" 150", b" 17"),
    )
    first = files["SD"][64:128]
    assert (first[:8], first[8:16], first[16:18], first[20:32]) == (
        *(b"VVVS0100", b"  000000", b"11", b"USABC1111111"),
    )
    assert files["SD"][-64:] == files["SD"][-128:-64]
    assert files["SD"][-64:-48] == b"VVVSAA01  002200"


def test_a_fileset_reads_back(tmp_path: Path) -> None:
    folder = put(tmp_path / "ddp", files_of(FULL, "ALBUM 1"))
    found = read_ddp(folder)
    assert found.problems == ()
    assert found.sheet == FULL
    assert (found.level, found.upc, found.master_id) == ("DDP 2.00", "0123456789012", "ALBUM 1")
    assert [packet.name for packet in found.packets] == ["CDTEXT.BIN", "SD", "IMAGE.DAT"]
    assert verify_checksums(folder, found) == ()


def test_other_makers_filesets_are_read(tmp_path: Path) -> None:
    """Sonoris and HOFA: numbers filled with zeros, PQDESCR, other flags, a NUL behind CD-Text."""
    files = files_of(FULL)
    packets = bytearray(files["DDPMS"])
    packets[14:22] = b"00000091"
    packets[128 + 14 : 128 + 22] = b"00000512"
    packets[128 + 74 : 128 + 91] = b"PQDESCR".ljust(17)
    packets[256 + 14 : 256 + 22], packets[256 + 22 : 256 + 30] = b"00001650", b"00000000"
    packets[256 + 41 : 256 + 42] = b"0"
    descriptor = files.pop("SD")[:-64]  # one lead-out
    files |= {"DDPMS": bytes(packets), "PQDESCR": descriptor + descriptor[-64:]}
    files["CDTEXT.BIN"] += b"\0"
    folder = put(tmp_path / "ddp", files)
    (folder / "CHECKSUM.MD5").rename(folder / "MD5_CHECKSUM.MD5")
    found = read_ddp(folder)
    assert found.problems == ()
    assert found.sheet == FULL
    assert verify_checksums(folder, found) == ()


def changed(files: dict[str, bytes], name: str, at: int, data: bytes) -> dict[str, bytes]:
    old = files[name]
    return {**files, name: old[:at] + data + old[at + len(data) :]}


@pytest.mark.parametrize(
    ("name", "at", "data", "said"),
    [
        ("DDPID", 0, b"DDP 1.01", "DDPID: its level is DDP 1.01"),
        ("DDPID", 87, b"DV", "DDPID: it does not describe a CD"),
        ("DDPID", 8, b"9999999999999", "DDPID: its UPC is 9999999999999"),
        ("DDPMS", 128 + 14, b"     448", "SD: it has 512 bytes, the map says 448"),
        ("DDPMS", 256 + 14, b"    1651", "IMAGE.DAT: it has 3880800 bytes"),
        ("DDPMS", 14, b"    9x90", "DDPMS: its stream length is '9x90'"),
        ("SD", 64 + 20, b"us-bad-isrc!", "SD: track 01: its ISRC is"),
        ("SD", 128 + 8, b"  000275", "SD: '000275' is no time"),
        ("SD", 192 + 8, b"  000100", "SD: track 01 index 02 lies before"),
        ("SD", 128 + 16, b"41", "SD: track 01: its control is '41'"),
        ("SD", 256 + 4, b"03", "SD: track 3 has no index 1"),
        ("SD", 384, b"XXXX", "does not begin with VVVS"),
        ("SD", 448 + 8, b"  002300", "IMAGE.DAT: the map says 1650 sectors, the lead-out lies at"),
        ("CDTEXT.BIN", 5, b"X", "CDTEXT.BIN: pack 0: its CRC is wrong"),
    ],
)
def test_wrong_fields_are_named(tmp_path: Path, name: str, at: int, data: bytes, said: str) -> None:
    folder = put(tmp_path / "ddp", changed(files_of(FULL), name, at, data))
    try:
        problems = "\n".join(read_ddp(folder).problems)
    except AudioFileError as error:
        problems = str(error)
    assert said in problems


def test_a_map_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "SECRET").write_bytes(files_of(FULL)["SD"])
    for name in (b"../SECRET", b"/etc/passwd"):
        files = changed(files_of(FULL), "DDPMS", 128 + 74, name.ljust(17))
        with pytest.raises(AudioFileError, match="outside the fileset"):
            read_ddp(put(tmp_path / "ddp", files))


def test_no_fileset_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="DDPID: there is no such file"):
        read_ddp(tmp_path)
    files = files_of(FULL)
    files["DDPMS"] = files["DDPMS"][:256]
    with pytest.raises(AudioFileError, match="names 0 files of audio"):
        read_ddp(put(tmp_path / "ddp", files))


def test_checksums_find_what_was_changed(tmp_path: Path) -> None:
    folder = put(tmp_path / "ddp", files_of(FULL))
    image = bytearray((folder / "IMAGE.DAT").read_bytes())
    image[1_000_000] = 1
    (folder / "IMAGE.DAT").write_bytes(image)
    (problem,) = verify_checksums(folder, read_ddp(folder))
    assert problem.startswith("IMAGE.DAT: its MD5 is")
    (folder / "CHECKSUM.MD5").unlink()
    assert any("no list of checksums" in each for each in read_ddp(folder).problems)


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(["DDPID", "DDPMS", "SD", "CDTEXT.BIN"]),
    at=st.integers(0, 520),
    data=st.binary(min_size=1, max_size=20),
)
def test_any_bytes_are_read_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, name: str, at: int, data: bytes
) -> None:
    small = Sheet(FULL.tracks, 950, FULL.catalogue, FULL.words)
    folder = tmp_path_factory.getbasetemp() / "fuzzed"
    put(folder, changed(files_of(small), name, at, data))
    where = ""
    try:
        found = read_ddp(folder)
    except AudioFileError as error:
        where = error.where
    assert "fuzzed" in where or found.packets
