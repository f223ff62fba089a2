"""Reading a DDP 2.00 fileset: field by field, by offsets of its own, whoever wrote it.

The map names the files; nothing else does. Numbers may be filled with spaces or zeros, a lead-out
may stand once or twice, and CD-Text may end in a stray NUL: makers differ.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mixmaster.audio.names import shown
from mixmaster.engine.outputs import inside
from mixmaster.errors import AudioFileError, OutputError
from mixmaster.release.cd.reading_cdtext import read_cd_text
from mixmaster.release.cd.sheet import NOTHING, Mark, Sheet, SheetTrack
from mixmaster.release.discs.checksums import md5_of, read_md5_list
from mixmaster.release.reading import small_file
from mixmaster.results import Result

_MOST_BYTES: Final = 1 << 20
_SECTOR: Final = 2_352
_CHECKSUM_NAMES: Final = ("CHECKSUM.MD5", "MD5_CHECKSUM.MD5", "MD5-Checksum.md5")


@dataclass(frozen=True, slots=True)
class MapPacket(Result):
    """A packet of the map: one file.

    Attributes:
        stream: ``D0`` for audio, ``S0`` for what goes with it.
        length: In sectors for audio, else in bytes.
        kind: ``PQ DESCR``, ``CDTEXT``, or nothing.
        mode: ``DA`` for audio.
        pregap: Sectors of the first pause that the audio begins with.
        name: The file.
    """

    stream: str
    length: int
    kind: str
    mode: str
    pregap: int | None
    name: str


@dataclass(frozen=True, slots=True)
class Fileset(Result):
    """What a fileset says, and what does not fit.

    Attributes:
        level: ``DDP 2.00``.
        upc: As its identifier says.
        master_id: As its identifier says.
        packets: Its map.
        sheet: Its tracks, marks, codes and texts.
        image: The audio file.
        checksums: MD5 by file name, as its list says; empty without a list.
        problems: What is wrong, in sentences that name the file; empty for a whole fileset.
    """

    level: str
    upc: str
    master_id: str
    packets: tuple[MapPacket, ...]
    sheet: Sheet
    image: Path
    checksums: dict[str, str]
    problems: tuple[str, ...]


class _Reader:
    """Collects problems; raises only where nothing can be read."""

    def __init__(self, folder: Path, staged: Mapping[str, Path]) -> None:
        self.folder = folder
        self.staged = staged
        self.problems: list[str] = []

    def say(self, file: str, problem: str) -> None:
        self.problems.append(f"{file}: {problem}")

    def path(self, name: str) -> Path:
        if name in self.staged:
            return self.staged[name]
        try:
            return inside(self.folder, name)
        except OutputError as error:
            reason = f"the map names a file outside the fileset: {error.where}"
            raise AudioFileError(shown(self.folder), reason) from error

    def data(self, name: str) -> bytes:
        return small_file(self.path(name), _MOST_BYTES)

    def number(self, file: str, text: str, what: str) -> int | None:
        bare = text.strip()
        if not bare:
            return None
        if not (bare.isascii() and bare.isdigit()):
            self.say(file, f"its {what} is '{bare}', no number")
            return None
        return int(bare)


def read_ddp(folder: Path, staged: Mapping[str, Path] | None = None) -> Fileset:
    """Return what a fileset says; the audio is measured but not read, see `verify_checksums`.

    Args:
        folder: The fileset.
        staged: Where files lie that are not in the folder yet, by name.

    Raises:
        AudioFileError: Where there is no fileset to read, naming the file.
    """
    reader = _Reader(folder, staged or {})
    level, upc, master_id = _identifier(reader)
    packets = _map(reader)
    audio = [packet for packet in packets if packet.stream == "D0" and packet.mode == "DA"]
    descriptors = [packet for packet in packets if packet.kind == "PQ DESCR"]
    texts = [packet for packet in packets if packet.kind == "CDTEXT"]
    if len(audio) != 1 or len(descriptors) != 1 or len(texts) > 1:
        reason = (
            f"its map names {len(audio)} files of audio, {len(descriptors)} PQ descriptors and "
            f"{len(texts)} of CD-Text"
        )
        raise AudioFileError(shown(folder / "DDPMS"), reason, "one of each makes an audio disc")
    sheet = _descriptor(reader, descriptors[0])
    if texts:
        sheet = _with_text(reader, texts[0], sheet)
    image = reader.path(audio[0].name)
    _measure(reader, image, audio[0], sheet)
    if upc and sheet.catalogue and upc.zfill(13) != sheet.catalogue.zfill(13):
        reader.say("DDPID", f"its UPC is {upc}, the PQ descriptor's {sheet.catalogue}")
    checksums = _checksums(reader)
    problems = tuple(reader.problems)
    return Fileset(level, upc, master_id, packets, sheet, image, checksums, problems)


def verify_checksums(
    folder: Path, fileset: Fileset, staged: Mapping[str, Path] | None = None
) -> tuple[str, ...]:
    """Return what the list of checksums says against the files: missing, changed, not listed."""
    problems: list[str] = []
    for name, expected in fileset.checksums.items():
        path = (staged or {}).get(name, folder / name)
        try:
            found = md5_of(path)
        except AudioFileError as error:
            problems.append(f"{shown(name)}: {error.reason}")
            continue
        if found != expected:
            problems.append(f"{shown(name)}: its MD5 is {found}, the list says {expected}")
    problems += [
        f"{shown(name)}: no checksum lists it"
        for name in ("DDPID", "DDPMS", *(packet.name for packet in fileset.packets))
        if name not in fileset.checksums
    ]
    return tuple(problems)


def _text(record: bytes, offset: int, size: int) -> str:
    return record[offset : offset + size].decode("ascii", "replace").strip(" ")


def _identifier(reader: _Reader) -> tuple[str, str, str]:
    record = reader.data("DDPID")
    level = _text(record, 0, 8)
    if not level.startswith("DDP "):
        raise AudioFileError(shown(reader.folder / "DDPID"), "it does not begin with DDP")
    if level != "DDP 2.00":
        reader.say("DDPID", f"its level is {level}, DDP 2.00 is understood")
    if len(record) != 128:
        reader.say("DDPID", f"it has {len(record)} bytes, 128 are right")
    if _text(record, 87, 2) != "CD":
        reader.say("DDPID", "it does not describe a CD")
    upc = _text(record, 8, 13)
    if upc and not re.fullmatch(r"[0-9]{12,13}", upc, re.ASCII):
        reader.say("DDPID", f"its UPC is '{upc}'")
    return level, upc, _text(record, 38, 48)


def _map(reader: _Reader) -> tuple[MapPacket, ...]:
    data = reader.data("DDPMS")
    if not data or len(data) % 128:
        reader.say("DDPMS", f"it has {len(data)} bytes, no multiple of 128")
    packets: list[MapPacket] = []
    for first in range(0, len(data) - 127, 128):
        record = data[first : first + 128]
        if record[:4] != b"VVVM":
            reader.say("DDPMS", f"the packet at byte {first} does not begin with VVVM")
            continue
        length = reader.number("DDPMS", _text(record, 14, 8), "stream length")
        pregap = reader.number("DDPMS", _text(record, 46, 4), "pause")
        packet = MapPacket(
            stream=_text(record, 4, 2),
            length=length or 0,
            kind=_text(record, 30, 8),
            mode=_text(record, 38, 2),
            pregap=pregap,
            name=_text(record, 74, 17),
        )
        if packet.mode == "DA" and _text(record, 40, 1) not in {"0", "7"}:
            reader.say("DDPMS", f"{packet.name} is not stored as whole sectors of audio")
        packets.append(packet)
    return tuple(packets)


def _descriptor(reader: _Reader, packet: MapPacket) -> Sheet:
    data = reader.data(packet.name)
    if len(data) != packet.length or len(data) % 64:
        reader.say(packet.name, f"it has {len(data)} bytes, the map says {packet.length}")
    tracks: dict[int, SheetTrack] = {}
    lead_out: int | None = None
    catalogue = ""
    last = -1
    for first in range(0, len(data) - 63, 64):
        record = data[first : first + 64]
        if record[:4] != b"VVVS":
            reader.say(packet.name, f"the packet at byte {first} does not begin with VVVS")
            continue
        number, index = _text(record, 4, 2), _text(record, 6, 2)
        time = _time(reader, packet.name, _text(record, 8, 8))
        catalogue = catalogue or _text(record, 32, 13)
        if number == "AA":
            lead_out = time
        elif number != "00":
            _add(reader, packet.name, tracks, record)
        if time < last:
            reader.say(packet.name, f"track {number} index {index} lies before the one above it")
        last = time
    if lead_out is None:
        reader.say(packet.name, "it has no lead-out")
    found = tuple(tracks.values())
    if [track.number for track in found] != list(range(1, len(found) + 1)) or not found:
        reader.say(packet.name, f"its tracks are {[track.number for track in found]}")
    for track in found:
        if all(mark.index != 1 for mark in track.marks):
            raise AudioFileError(
                shown(reader.folder / packet.name), f"track {track.number} has no index 1"
            )
    if found and found[0].marks[0] != Mark(0, 0):
        reader.say(packet.name, "track 1 does not begin with index 0 at 00:00:00")
    return Sheet(found, lead_out or 0, catalogue.zfill(13) if catalogue else "")


def _add(
    reader: _Reader,
    file: str,
    tracks: dict[int, SheetTrack],
    record: bytes,
) -> None:
    number, index = _text(record, 4, 2), _text(record, 6, 2)
    if not (number + index).isdigit() or not 1 <= int(number) <= 99:
        reader.say(file, f"a packet is of track '{number}', index '{index}'")
        return
    control = _text(record, 16, 2)
    bits = int(control[0], 16) if re.fullmatch(r"[0-9A-F][1S]", control) else None
    if bits is None or bits & 4:
        reader.say(file, f"track {number}: its control is '{control}'")
    isrc = _text(record, 20, 12)
    mark = Mark(int(index), _time(reader, file, _text(record, 8, 8)))
    known = tracks.get(int(number))
    if known is None:
        if isrc and not re.fullmatch(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", isrc):
            reader.say(file, f"track {number}: its ISRC is '{isrc}'")
        tracks[int(number)] = SheetTrack(int(number), (mark,), isrc, bits or 0)
        return
    if mark.index != known.marks[-1].index + 1:
        reader.say(file, f"track {number}: index {index} is out of sequence")
    if bits is not None and bits != known.control:
        reader.say(file, f"track {number}: its control changes at index {index}")
    tracks[int(number)] = SheetTrack(
        known.number, (*known.marks, mark), known.isrc or isrc, known.control
    )


def _time(reader: _Reader, file: str, text: str) -> int:
    digits = text.strip().zfill(6)[-6:]
    if not digits.isdigit() or int(digits[2:4]) > 59 or int(digits[4:]) > 74:
        reader.say(file, f"'{text}' is no time")
        return 0
    return (int(digits[:2]) * 60 + int(digits[2:4])) * 75 + int(digits[4:])


def _with_text(reader: _Reader, packet: MapPacket, sheet: Sheet) -> Sheet:
    data = reader.data(packet.name)
    if len(data) != packet.length:
        reader.say(packet.name, f"it has {len(data)} bytes, the map says {packet.length}")
    disc, words, problems = read_cd_text(data)
    for problem in problems:
        reader.say(packet.name, problem)
    if words and len(words) != len(sheet.tracks):
        reader.say(packet.name, f"it names {len(words)} tracks, the disc has {len(sheet.tracks)}")
    tracks = tuple(
        SheetTrack(
            each.number, each.marks, each.isrc, each.control, words.get(each.number, NOTHING)
        )
        for each in sheet.tracks
    )
    return Sheet(tracks, sheet.lead_out, sheet.catalogue, disc)


def _measure(reader: _Reader, image: Path, packet: MapPacket, sheet: Sheet) -> None:
    try:
        size = image.stat().st_size
    except OSError as error:
        raise AudioFileError(shown(image), f"it cannot be read: {error.strerror}") from error
    if size != packet.length * _SECTOR:
        says = f"{packet.length} sectors of {_SECTOR}"
        reader.say(packet.name, f"it has {size} bytes, the map says {says}")
    if sheet.lead_out != packet.length:
        says = f"the lead-out lies at {sheet.lead_out}"
        reader.say(packet.name, f"the map says {packet.length} sectors, {says}")
    first = sheet.tracks[0].start if sheet.tracks else 0
    if first < 150:
        reader.say(packet.name, "the first track's pause is shorter than 2 s")


def _checksums(reader: _Reader) -> dict[str, str]:
    for name in _CHECKSUM_NAMES:
        if name in reader.staged or (reader.folder / name).is_file():
            sums, wrong = read_md5_list(reader.data(name))
            for line in wrong:
                reader.say(name, f"'{shown(line[:60])}' is no line of a list of MD5 sums")
            for listed in sums:
                reader.path(listed)
            return sums
    reader.say(_CHECKSUM_NAMES[0], "there is no list of checksums")
    return {}
