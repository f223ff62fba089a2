"""What a file is, from its first bytes: the allow-list in front of libsndfile.

libsndfile guesses among 25 formats, some of whose decoders have known holes (its IMA ADPCM reader,
CVE-2026-37555). Only what is listed here reaches it.
"""

from __future__ import annotations

import os
import struct

from mixmaster.audio.names import READABLE
from mixmaster.audio.positioned import pread
from mixmaster.audio.riff import HeaderError, is_riff

AIFC_CODECS = {b"NONE", b"twos", b"sowt", b"in24", b"in32", b"fl32", b"FL32", b"fl64", b"FL64"}
CAF_CODECS = {b"lpcm", b"alac"}
OGG_CODECS = {b"\x01vorbis": "Vorbis", b"OpusHead": "Opus", b"\x7fFLAC": "FLAC"}

SUBTYPES = {
    "PCM_S8",
    "PCM_U8",
    "PCM_16",
    "PCM_24",
    "PCM_32",
    "FLOAT",
    "DOUBLE",
    "ALAC_16",
    "ALAC_20",
    "ALAC_24",
    "ALAC_32",
    "VORBIS",
    "OPUS",
    "MPEG_LAYER_I",
    "MPEG_LAYER_II",
    "MPEG_LAYER_III",
}
"""What libsndfile may say that it found."""

LOSSY_SUBTYPES = {"AAC", "VORBIS", "OPUS", "MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III"}


def sniff(fd: int) -> str:
    """Return the container: ``wav``, ``flac``, ``aiff``, ``caf``, ``mp3``, ``ogg`` or ``m4a``.

    Args:
        fd: An open descriptor; its position is neither used nor moved.

    Raises:
        HeaderError: For anything that is not audio of a kind that can be read.
    """
    head = pread(fd, 64, 0)
    if not head:
        raise HeaderError("the file is empty (0 bytes)")
    if is_riff(head):
        return "wav"
    if head[:4] == b"fLaC":
        return "flac"
    if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
        _check_aiff(fd, compressed=head[8:12] == b"AIFC")
        return "aiff"
    if head[:4] == b"caff":
        return _check_caf(head)
    if head[:4] == b"OggS":
        return _check_ogg(head)
    start = _after_id3(fd, head)
    after = head if start == 0 else pread(fd, 16, start)
    if start and after[:4] == b"fLaC":
        return "flac"
    if len(after) >= 2 and after[0] == 0xFF and after[1] & 0xE0 == 0xE0:
        if after[1] & 0x06:
            return "mp3"
        raise HeaderError("the file is AAC (ADTS)", READABLE)
    if head[4:8] == b"ftyp":
        return "m4a"
    raise HeaderError(_what(head), READABLE)


def _what(head: bytes) -> str:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "the file is a web page or XML, not audio"
    if head[:4] in {b"RIFF", b"RIFX", b"RF64"}:
        return "the file is RIFF, but not WAV"
    if not head.strip(b"\0"):
        return "the file starts with zeros, not with audio of a known kind"
    if all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in head):
        return "the file is text, not audio"
    return "the file is not audio of a known kind"


def _after_id3(fd: int, head: bytes) -> int:
    """Return where a leading ID3v2 tag ends (id3.org, ID3v2.4 section 3.1); 0 without one."""
    position = 0
    for _ in range(8):
        tag = head[:10] if position == 0 else pread(fd, 10, position)
        if len(tag) < 10 or tag[:3] != b"ID3" or any(byte & 0x80 for byte in tag[6:10]):
            break
        size = tag[6] << 21 | tag[7] << 14 | tag[8] << 7 | tag[9]
        position += 10 + size + (10 if tag[5] & 0x10 else 0)
    return position


def _check_aiff(fd: int, *, compressed: bool) -> None:
    position, end = 12, os.fstat(fd).st_size
    for _ in range(1_000):
        header = pread(fd, 8, position)
        if len(header) < 8 or position >= end:
            break
        size = struct.unpack(">I", header[4:])[0]
        if header[:4] == b"COMM":
            codec = pread(fd, 4, position + 26) if compressed else b"NONE"
            if codec not in AIFC_CODECS:
                name = codec.decode("ascii", "backslashreplace")
                raise HeaderError(f"the AIFF-C file's codec is {name!r}", "convert it to PCM")
            return
        position += 8 + size + size % 2
    raise HeaderError("the AIFF file has no COMM chunk", "it may have been cut")


def _check_caf(head: bytes) -> str:
    # Apple Core Audio Format: the description is the first chunk; its codec follows the rate.
    if head[8:12] != b"desc" or head[28:32] not in CAF_CODECS:
        name = head[28:32].decode("ascii", "backslashreplace")
        raise HeaderError(f"the CAF file's codec is {name!r}", "only PCM, float and ALAC are read")
    return "caf"


def _check_ogg(head: bytes) -> str:
    # RFC 3533: a 27-byte page header, its segment table, then the first packet.
    packet = head[27 + (head[26] if len(head) > 26 else 0) :]
    if not any(packet.startswith(magic) for magic in OGG_CODECS):
        raise HeaderError("the Ogg file is neither Vorbis, Opus nor FLAC", READABLE)
    return "ogg"
