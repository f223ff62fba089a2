"""What proving a file, and a folder, comes to: green, or each reason in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from mixmaster.release.proof.record import FiguresRecord, FileKind
from mixmaster.results import Result, jsonable

State = Literal["green", "red", "unchecked"]
"""``unchecked``: nothing wrong was found, but not all could be looked at here. That is no proof."""


@dataclass(frozen=True, slots=True)
class Fault(Result):
    """One thing that is wrong with a file.

    Attributes:
        code: What kind of thing: ``missing``, ``swapped``, ``true_peak``, ``tags`` ...
        text: It in words, with the figure that was found and the one that was wanted.
    """

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Proof(Result):
    """What was found of one file.

    Attributes:
        path: Where it lies in the folder.
        kind: What it is for.
        target: The target that it is for; empty for the whole release.
        track: The track's number.
        version: Which version of the mix it is; empty for the master.
        faults: What is wrong; empty where nothing is.
        unchecked: What could not be looked at here, and what that would take.
        sha256: Of its bytes now; None where there is no such file.
        bytes: Its size now.
        figures: What was measured now; None for what is no sound or cannot be decoded.
        samples_sha256: Of its decoded samples, see `AudioRecord`.
        tags_reader: Which reader its tags were read by.
        remarks: What is no fault, but was to be said.
    """

    path: str
    kind: FileKind
    target: str
    track: int | None
    version: str
    faults: tuple[Fault, ...] = ()
    unchecked: tuple[str, ...] = ()
    sha256: str | None = None
    bytes: int | None = None
    figures: FiguresRecord | None = None
    samples_sha256: str | None = None
    tags_reader: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def state(self) -> State:
        """Green, red, or not all of it could be looked at."""
        if self.faults:
            return "red"
        return "unchecked" if self.unchecked else "green"

    @property
    def words(self) -> str:
        """Why it is not green, in one line; empty where it is."""
        return "; ".join([*(fault.text for fault in self.faults), *self.unchecked])

    def row(self) -> tuple[str, ...]:
        """Return the proof as a line of a table; see `COLUMNS`."""
        found = self.figures or FiguresRecord()
        figures = (
            _text(found.integrated_lufs, 2),
            _text(found.loudness_range_lu, 1),
            _text(found.max_short_term_lufs, 1),
            _text(found.true_peak_dbtp, 2),
        )
        return (self.path, self.target, *figures, self.state, self.words)

    def to_json(self) -> dict[str, Any]:
        """Return the proof as JSON-ready data, its state first after its path."""
        table = {name: jsonable(getattr(self, name)) for name in _PLAIN}
        figures = None if self.figures is None else self.figures.model_dump(mode="json")
        return {"path": self.path, "state": self.state, **table, "figures": figures}


COLUMNS = ("file", "target", "LUFS", "LRA", "max S", "dBTP", "state", "why")
"""What the cells of `Proof.row` are."""

_PLAIN = (
    "kind",
    "target",
    "track",
    "version",
    "faults",
    "unchecked",
    "sha256",
    "bytes",
    "samples_sha256",
    "tags_reader",
    "remarks",
)


@dataclass(frozen=True, slots=True)
class ReleaseCheck(Result):
    """What was found of a release's folder.

    Attributes:
        album: The album's title.
        artist: The album's artist.
        files: Every file that the record names, in its order.
        extra: What lies in the folder and is not of the release; each with what it is. A
            ``release.json`` that was edited is told here, too.
        disc: What was found of its CD parts, as sentences.
        notes: What is no fault, but was to be said: other versions than it was made with.
    """

    album: str
    artist: str
    files: tuple[Proof, ...]
    extra: tuple[Fault, ...] = ()
    disc: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def state(self) -> State:
        """Red where anything is; green only where all was looked at."""
        if self.extra or self.disc or any(proof.state == "red" for proof in self.files):
            return "red"
        return "unchecked" if any(proof.unchecked for proof in self.files) else "green"

    @property
    def passes(self) -> bool:
        """Whether the folder is the release, whole and unchanged: all of it was looked at."""
        return self.state == "green"

    def counts(self) -> dict[State, int]:
        """Return how many files are green, red and unchecked."""
        states = [proof.state for proof in self.files]
        return {state: states.count(state) for state in ("green", "red", "unchecked")}

    def to_json(self) -> dict[str, Any]:
        """Return the check as JSON-ready data, its verdict first."""
        return {
            "state": self.state,
            "passes": self.passes,
            "album": self.album,
            "artist": self.artist,
            "counts": jsonable(self.counts()),
            "files": [proof.to_json() for proof in self.files],
            "extra": jsonable(self.extra),
            "disc": jsonable(self.disc),
            "notes": jsonable(self.notes),
        }


def _text(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{round(value, digits) + 0.0:.{digits}f}"
