"""What a disc's subcode says: tracks, index marks, codes and texts, in sectors.

A sector is 1/75 s, 588 frames of two channels (IEC 60908, the Red Book). An address counts sectors
from the first one behind the lead-in; the first 150 of them, 2 s, are the first track's pause, so
that a programme's first frame has the address 150, 00:02:00.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from mixmaster.results import Result

RATE_HZ: Final = 44_100
SECTOR_FRAMES: Final = 588
SECTORS_PER_SECOND: Final = 75
FRAME_BYTES: Final = 4
SECTOR_BYTES: Final = SECTOR_FRAMES * FRAME_BYTES
PREGAP_SECTORS: Final = 150
SHORTEST_TRACK_SECTORS: Final = 4 * SECTORS_PER_SECOND
MOST_TRACKS: Final = 99
LAST_ADDRESS: Final = (99 * 60 + 59) * SECTORS_PER_SECOND + 74

COPY_PERMITTED: Final = 0b0010
PRE_EMPHASIS: Final = 0b0001

TextKind = Literal["title", "performer", "songwriter", "composer", "arranger", "message"]
TEXT_KINDS: Final[tuple[TextKind, ...]] = (
    *("title", "performer", "songwriter"),
    *("composer", "arranger", "message"),
)
"""What can be said of a disc and of each track, in the order of CD-Text's pack types."""


@dataclass(frozen=True, slots=True)
class Words(Result):
    """What is said of a disc or a track; empty where nothing is."""

    title: str = ""
    performer: str = ""
    songwriter: str = ""
    composer: str = ""
    arranger: str = ""
    message: str = ""

    def of(self, kind: TextKind) -> str:
        """Return the text of a kind."""
        return str(getattr(self, kind))


NOTHING: Final = Words()


@dataclass(frozen=True, slots=True)
class Mark(Result):
    """An index mark.

    Attributes:
        index: 0 for a pause or hidden audio before the track, 1 for its start, more inside it.
        sector: Its address: sectors from the disc's 00:00:00.
    """

    index: int
    sector: int


@dataclass(frozen=True, slots=True)
class SheetTrack(Result):
    """A track, as subcode and CD-Text say it.

    Attributes:
        number: 1 to 99.
        marks: In rising order; there is an index 1.
        isrc: 12 characters, or nothing.
        control: The four control bits of the Q channel: 1 pre-emphasis, 2 copies permitted.
        words: What is said of it.
    """

    number: int
    marks: tuple[Mark, ...]
    isrc: str = ""
    control: int = 0
    words: Words = NOTHING

    @property
    def start(self) -> int:
        """The address of index 1."""
        return next(mark.sector for mark in self.marks if mark.index == 1)


@dataclass(frozen=True, slots=True)
class Sheet(Result):
    """A disc's table of contents.

    Attributes:
        tracks: In order.
        lead_out: The address behind the last sector of audio.
        catalogue: The 13 digits of the UPC or EAN, or nothing.
        words: What is said of the disc.
    """

    tracks: tuple[SheetTrack, ...]
    lead_out: int
    catalogue: str = ""
    words: Words = NOTHING


def clock(sectors: int) -> str:
    """Return sectors as ``MM:SS:FF``, minutes, seconds and 75ths."""
    seconds, frames = divmod(sectors, SECTORS_PER_SECOND)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes:02d}:{seconds:02d}:{frames:02d}"
