"""The headers of WAV files: RIFF, RIFX, RF64 and BW64.

Read here, not by libsndfile, for three reasons: what codec a file holds is known before any
decoder touches it; a length that is missing, wrapped or beyond the file's end is recovered and
said; and plain PCM can be decoded several times faster than libsndfile does.

Sources: Microsoft/IBM RIFF MCI specification (1991); EBU Tech 3306 v1.1 (RF64);
ITU-R BS.2088 (BW64, the same layout as RF64).
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import Literal

from mixmaster.audio.positioned import pread

PCM = 0x0001
FLOAT = 0x0003
EXTENSIBLE = 0xFFFE
# The tail of KSDATAFORMAT_SUBTYPE_*: the sub-format's GUID is its tag and these 14 bytes.
GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")

TAG_NAMES = {
    0x0002: "Microsoft ADPCM",
    0x0006: "A-law",
    0x0007: "mu-law",
    0x0011: "IMA ADPCM",
    0x0031: "GSM 6.10",
    0x0040: "G.721 ADPCM",
    0x0050: "MPEG layer II",
    0x0055: "MP3 inside WAV",
    0x00FF: "AAC inside WAV",
}

STREAMED_BYTES = 0x7FFF_F000
"""Claims from here on are what programs write when they cannot go back to fill in the length."""

_MAX_CHUNKS = 10_000
_MAX_FMT_BYTES = 4_096


class HeaderError(ValueError):
    """A header that cannot be used: ``reason`` and ``hint`` for the user.

    Args:
        reason: What is wrong.
        hint: What would be right.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


@dataclass(frozen=True, slots=True)
class WavLayout:
    """Where a WAV file's samples lie and how they are written.

    Attributes:
        byte_order: ``<`` or ``>`` (RIFX).
        kind: Integers or IEEE floats.
        bits: Bits of one sample's container: 8 (unsigned), 16, 24, 32 or 64.
        sample_rate_hz: As the header says.
        channels: As the header says.
        data_offset: The first sample's position in the file.
        frames: Whole frames that are really in the file.
        claimed_frames: Frames that the header promises; ``frames`` where it promises nothing.
        notes: What had to be said.
    """

    byte_order: Literal["<", ">"]
    kind: Literal["int", "float"]
    bits: int
    sample_rate_hz: int
    channels: int
    data_offset: int
    frames: int
    claimed_frames: int
    notes: tuple[str, ...]

    @property
    def subtype(self) -> str:
        """The name that libsndfile gives to this sample format."""
        if self.kind == "float":
            return "FLOAT" if self.bits == 32 else "DOUBLE"
        return "PCM_U8" if self.bits == 8 else f"PCM_{self.bits}"

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame."""
        return self.bits // 8 * self.channels


@dataclass(slots=True)
class _Chunks:
    fmt: bytes | None = None
    ds64_data_bytes: int | None = None
    data_offset: int | None = None
    data_claim: int = 0


def is_riff(head: bytes) -> bool:
    """Return whether a file's first 12 bytes are those of a WAV file of any kind."""
    return head[:4] in {b"RIFF", b"RIFX", b"RF64", b"BW64"} and head[8:12] == b"WAVE"


def read_layout(fd: int) -> WavLayout:
    """Read a WAV file's header.

    Args:
        fd: An open descriptor; its position is neither used nor moved.

    Raises:
        HeaderError: For a header that cannot be used, or a codec that is not PCM or float.
    """
    file_bytes = os.fstat(fd).st_size
    order: Literal["<", ">"] = ">" if pread(fd, 4, 0) == b"RIFX" else "<"
    chunks = _walk(fd, file_bytes, order)
    if chunks.data_offset is None:
        raise HeaderError(
            "the WAV file has no data chunk", "it may have been cut, or never finished"
        )
    if chunks.fmt is None:
        raise HeaderError("the WAV file has no fmt chunk before its data")
    kind, bits, rate, channels = _parse_fmt(chunks.fmt, order)
    frame_bytes = bits // 8 * channels
    data_bytes, claimed, notes = _data_bytes(fd, file_bytes, chunks, order, frame_bytes)
    frames = data_bytes // frame_bytes
    return WavLayout(
        byte_order=order,
        kind=kind,
        bits=bits,
        sample_rate_hz=rate,
        channels=channels,
        data_offset=chunks.data_offset,
        frames=frames,
        claimed_frames=frames if claimed is None else claimed // frame_bytes,
        notes=tuple(notes),
    )


def _walk(fd: int, file_bytes: int, order: str) -> _Chunks:
    found = _Chunks()
    position = 12
    for _ in range(_MAX_CHUNKS):
        header = pread(fd, 8, position)
        if len(header) < 8:
            break
        name, size = header[:4], struct.unpack(order + "I", header[4:])[0]
        if not name.isascii() or not name.decode("ascii", "replace").isprintable():
            break  # not a chunk: what some writers leave after an odd, unpadded one
        body = position + 8
        if name == b"data":
            if found.data_offset is not None:
                raise HeaderError(
                    "the WAV file has two data chunks", "write it again with one program"
                )
            found.data_offset = body
            found.data_claim = size
            if size == 0xFFFF_FFFF and found.ds64_data_bytes is not None:
                found.data_claim = size = found.ds64_data_bytes
            if not 0 < size <= file_bytes - body:
                break
        elif name == b"fmt " and found.fmt is None:
            found.fmt = pread(fd, min(size, _MAX_FMT_BYTES), body)
        elif name == b"ds64" and found.ds64_data_bytes is None:
            ds64 = pread(fd, 16, body)
            if len(ds64) == 16:
                found.ds64_data_bytes = struct.unpack(order + "QQ", ds64)[1]
        position = body + size + size % 2
        if position >= file_bytes:
            break
    return found


def _parse_fmt(fmt: bytes, order: str) -> tuple[Literal["int", "float"], int, int, int]:
    if len(fmt) < 16:
        raise HeaderError(f"the WAV file's fmt chunk has {len(fmt)} bytes; 16 are needed")
    tag, channels, rate, _, align, bits = struct.unpack(order + "HHIIHH", fmt[:16])
    if tag == EXTENSIBLE:
        if len(fmt) < 40 or fmt[26:40] != GUID_TAIL:
            raise HeaderError("the WAV file's extensible format is unknown", "convert it to PCM")
        tag = struct.unpack(order + "H", fmt[24:26])[0]
    if tag not in {PCM, FLOAT}:
        name = TAG_NAMES.get(tag, "an unknown codec")
        raise HeaderError(
            f"the WAV file holds {name} (format tag 0x{tag:04x})",
            "only PCM and float WAV are read; convert it to PCM",
        )
    width = (bits + 7) // 8
    if channels < 1 or align != width * channels:
        raise HeaderError(
            f"the WAV header contradicts itself: {channels} channels of {bits} bits in frames "
            f"of {align} bytes"
        )
    kind: Literal["int", "float"] = "int" if tag == PCM else "float"
    if width * 8 not in ({8, 16, 24, 32} if kind == "int" else {32, 64}):
        raise HeaderError(
            f"the WAV file has {bits}-bit {'integer' if kind == 'int' else 'float'} samples",
            "8, 16, 24 or 32-bit integers and 32 or 64-bit floats are read",
        )
    return kind, width * 8, rate, channels


def _data_bytes(
    fd: int, file_bytes: int, chunks: _Chunks, order: str, frame_bytes: int
) -> tuple[int, int | None, list[str]]:
    """Return the bytes of samples in the file, the claim (None: no claim), and notes."""
    assert chunks.data_offset is not None
    claim = chunks.data_claim
    available = file_bytes - chunks.data_offset
    if claim == 0 and available > 0 and not _is_chain(fd, chunks.data_offset, file_bytes, order):
        note = "the header gives no length (it was streamed); read to the end of the file"
        return available, None, [note]
    wrapped = available - claim
    if wrapped >= 1 << 32 and wrapped % (1 << 32) <= 1:
        note = "the header's length wrapped at 4 GB; read to the end of the file"
        return available - wrapped % (1 << 32), None, [note]
    if claim <= available:
        rest = claim % frame_bytes
        note = f"the data ends in the middle of a frame; {rest} bytes dropped"
        return claim, None, [note] if rest else []
    if (claim >= STREAMED_BYTES and claim < 1 << 32) or claim >= 1 << 62:
        note = "the header gives no true length (it was streamed); read to the end of the file"
        return available, None, [note]
    return available, claim, []


def _is_chain(fd: int, position: int, file_bytes: int, order: str) -> bool:
    """Return whether the file's rest is a chain of chunks that ends at the file's end."""
    for _ in range(_MAX_CHUNKS):
        header = pread(fd, 8, position)
        if len(header) < 8 or (not header[:4].isalnum() and header[:4].strip() == b""):
            return False
        if not all(32 <= byte < 127 for byte in header[:4]):
            return False
        size = struct.unpack(order + "I", header[4:])[0]
        position += 8 + size
        if position in {file_bytes, file_bytes - 1}:
            return True
        position += size % 2
        if position > file_bytes:
            return False
        if position == file_bytes:
            return True
    return False
