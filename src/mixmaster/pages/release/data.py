"""What the pages of a release are made from, as plain data; the release room fills it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mixmaster.results import Result

State = Literal["green", "red", "unchecked"]

FIGURES = (
    ("Loudness", "LUFS", "integrated, ITU-R BS.1770-5"),
    ("Loudest 3 s", "LUFS", "short-term, EBU Tech 3341"),
    ("Range", "LU", "loudness range, EBU Tech 3342"),
    ("True peak", "dBTP", "of the decoded signal, 16 times oversampled"),
    ("Flat tops", "", "runs of three samples or more that look clipped"),
    ("Silence", "s", "before the first and after the last sound"),
    ("DC", "%", "the mean of a channel, of full scale"),
)
"""The columns of figures: name, unit, meaning; `PageFile.cells` has one for each."""


@dataclass(frozen=True, slots=True)
class PageTrack(Result):
    """A track.

    Attributes:
        number: From 1.
        title: Any text at all, as all texts here.
        version: Which version of the song it is.
        artist: Its artist.
        isrc: Its ISRC.
        writers: Who wrote it.
        credits: Who else took part.
        explicit: Whether it is explicit; None where it is not said.
        seconds: Its length.
        gap_s: Silence after it on a disc.
    """

    number: int
    title: str
    version: str
    artist: str
    isrc: str
    writers: tuple[str, ...]
    credits: tuple[str, ...]
    explicit: bool | None
    seconds: float
    gap_s: float


@dataclass(frozen=True, slots=True)
class PageTarget(Result):
    """A target.

    Attributes:
        id: What files call it.
        name: What people call it.
        policy: How its loudness is meant, in words.
        format: Its files, in words.
        asked: Its loudness and ceiling, in words.
        source: Where that comes from.
        notes: What was done for it, and what could not be.
        integrated_lufs: The loudness that it asks for, to be drawn.
        true_peak_dbtp: The ceiling.
    """

    id: str
    name: str
    policy: str
    format: str
    asked: str
    source: str
    notes: tuple[str, ...]
    integrated_lufs: float | None
    true_peak_dbtp: float | None


@dataclass(frozen=True, slots=True)
class Cell(Result):
    """A figure of a file.

    Attributes:
        text: As it is printed.
        limit: What it must keep to, as it is printed; empty where nothing is asked.
        bad: Whether it does not.
        why: Why there is no such figure.
    """

    text: str
    limit: str = ""
    bad: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class PageFile(Result):
    """A file of the release.

    Attributes:
        path: Where it lies beside the page, with / between the parts.
        kind: What it is for, in a word.
        target: The target's id; empty for the whole release.
        track: The track's number.
        title: What it is: the track's title with its version, or the file's name.
        format: In words: FLAC 24 bit / 44.1 kHz.
        seconds: Its length; None for what is no sound.
        bytes: Its size.
        sha256: Its hash.
        state: What its proof says.
        reasons: What is wrong with it.
        unchecked: What could not be looked at.
        remarks: What was to be said beside.
        cells: One for each of `FIGURES`; none for what is no sound.
        tags: What its tags came to, in a word or two.
        integrated_lufs: To be drawn.
        max_short_term_lufs: To be drawn.
        true_peak_dbtp: To be drawn.
    """

    path: str
    kind: str
    target: str
    track: int | None
    title: str
    format: str
    seconds: float | None
    bytes: int
    sha256: str
    state: State
    reasons: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    cells: tuple[Cell, ...] = ()
    tags: str = ""
    integrated_lufs: float | None = None
    max_short_term_lufs: float | None = None
    true_peak_dbtp: float | None = None


@dataclass(frozen=True, slots=True)
class PageTable(Result):
    """A table of figures by track: how the album holds together.

    Attributes:
        title: What it is.
        about: How it is to be read, in a sentence or two.
        columns: Name and unit of every figure.
        rows: Each track's name and its cells.
        notes: What follows from it, as sentences.
    """

    title: str
    about: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PageRelease(Result):
    """A release.

    Attributes:
        title: The album's.
        artist: The album's.
        facts: What is said of the album, name and text: label, UPC, date.
        tracks: In order.
        targets: In order.
        files: Every file.
        coherence: How its tracks compare; None where that was not looked at.
        done: What was done, as sentences.
        not_done: What could not be done.
        cover: The art, a JPEG or PNG file; None without.
    """

    title: str
    artist: str
    facts: tuple[tuple[str, str], ...]
    tracks: tuple[PageTrack, ...]
    targets: tuple[PageTarget, ...]
    files: tuple[PageFile, ...]
    coherence: PageTable | None = None
    done: tuple[str, ...] = ()
    not_done: tuple[str, ...] = ()
    cover: bytes | None = None

    @property
    def seconds(self) -> float:
        """How long the tracks are together."""
        return sum(track.seconds for track in self.tracks)

    def counts(self) -> dict[State, int]:
        """Return how many files are green, red and unchecked."""
        states = [file.state for file in self.files]
        return {state: states.count(state) for state in ("green", "red", "unchecked")}
