"""The descriptions of a DDP 2.00 fileset: its identifier, its map, its PQ descriptor.

DDP's specification is not public. The fields follow the description that the ddp-reverse-eng
project made from the filesets of DDP Mastering Tools (cue2ddp), Sonoris and HOFA, and what is
optional is written as cue2ddp writes it, so that the same disc gives the same bytes.

    DDPID       one record of 128 bytes
    DDPMS       a packet of 128 bytes a file: CD-Text, PQ descriptor, audio
    SD          the PQ descriptor: a packet of 64 bytes an index mark
    CDTEXT.BIN  the packs of CD-Text
    IMAGE.DAT   the audio from 00:00:00 to the lead-out: 16 bits, little-endian, no header

All fields are ASCII and filled with spaces.
"""

from __future__ import annotations

from typing import Final

from mixmaster.release.cd.sheet import PREGAP_SECTORS, Sheet, clock

ID_NAME: Final = "DDPID"
MAP_NAME: Final = "DDPMS"
PQ_NAME: Final = "SD"
TEXT_NAME: Final = "CDTEXT.BIN"
IMAGE_NAME: Final = "IMAGE.DAT"
CHECKSUM_NAME: Final = "CHECKSUM.MD5"

ID_BYTES: Final = 128
MAP_PACKET_BYTES: Final = 128
PQ_PACKET_BYTES: Final = 64


def ddp_id(sheet: Sheet, master_id: str = "") -> bytes:
    """Return the identifier.

    Args:
        sheet: The disc.
        master_id: What the plant calls it, 48 characters of ASCII at most.
    """
    fields = ((0, 8, "DDP 2.00"), (8, 13, sheet.catalogue), (38, 48, master_id), (87, 2, "CD"))
    return _record(ID_BYTES, *fields)


def ddp_map(sheet: Sheet, pq_bytes: int, text_bytes: int) -> bytes:
    """Return the map: which files there are, how long, and of what kind.

    Args:
        sheet: The disc.
        pq_bytes: The length of the PQ descriptor.
        text_bytes: The length of CD-Text; 0 for none.
    """
    packets = []
    if text_bytes:
        packets.append(_mapped("S0", text_bytes, TEXT_NAME, (30, 8, "CDTEXT"), (55, 2, "00")))
    packets.append(_mapped("S0", pq_bytes, PQ_NAME, (30, 8, "PQ DESCR")))
    # Audio, stored as whole sectors of 2352 bytes, scrambled flag as cue2ddp sets it.
    audio = ((38, 4, "DA71"), (46, 4, f"{PREGAP_SECTORS:>4}"))
    packets.append(_mapped("D0", sheet.lead_out, IMAGE_NAME, *audio))
    return b"".join(packets)


def pq_descriptor(sheet: Sheet) -> bytes:
    """Return the PQ descriptor: lead-in, every index mark, and the lead-out twice."""
    packets = [_pq("00", "00", 0, 0, upc=sheet.catalogue)]
    for track in sheet.tracks:
        for place, mark in enumerate(track.marks):
            isrc = "" if place else track.isrc
            number, index = f"{track.number:02d}", f"{mark.index:02d}"
            packets.append(_pq(number, index, mark.sector, track.control, isrc=isrc))
    packets += [_pq("AA", "01", sheet.lead_out, 0)] * 2
    return b"".join(packets)


def _mapped(stream: str, length: int, name: str, *more: tuple[int, int, str]) -> bytes:
    head = ((0, 4, "VVVM"), (4, 2, stream), (14, 8, f"{length:>8}"))
    return _record(MAP_PACKET_BYTES, *head, *more, (71, 3, f"{17:>3}"), (74, 17, name))


def _pq(
    track: str, index: str, sector: int, control: int, *, isrc: str = "", upc: str = ""
) -> bytes:
    time = clock(sector).replace(":", "")
    head = ((0, 4, "VVVS"), (4, 2, track), (6, 2, index), (8, 8, f"{time:>8}"))
    return _record(PQ_PACKET_BYTES, *head, (16, 2, f"{control:X}1"), (20, 12, isrc), (32, 13, upc))


def _record(size: int, *fields: tuple[int, int, str]) -> bytes:
    """Return a record from its fields: offset, width and text."""
    record = bytearray(b" " * size)
    for offset, width, text in fields:
        value = text.encode("ascii")
        assert len(value) <= width, text
        record[offset : offset + width] = value.ljust(width)
    return bytes(record)
