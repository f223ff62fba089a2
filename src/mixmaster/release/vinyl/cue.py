"""A side's cue sheet: for the cutting engineer's eyes, for a table, and for machines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from mixmaster.release.vinyl.plan import Side, clock
from mixmaster.release.vinyl.record import Vinyl, VinylTrack
from mixmaster.results import to_json_text

SCHEMA: Final = "mixmaster/vinyl-side/1"
COLUMNS: Final = (
    *("position", "start", "start_frame", "length", "frames", "gap_s", "crossfade_s"),
    *("title", "performer", "isrc"),
)


@dataclass(frozen=True, slots=True)
class CueSheet:
    """A side's cue sheet.

    Attributes:
        tracks: The record's tracks.
        vinyl: The record.
        side: The side.
        sample_rate_hz: Its rate.
        file: Its WAV.
    """

    tracks: Sequence[VinylTrack]
    vinyl: Vinyl
    side: Side
    sample_rate_hz: int
    file: str

    def rows(self) -> list[dict[str, Any]]:
        """Return the tracks, as rows of `COLUMNS`."""
        rate, found = self.sample_rate_hz, []
        for band in self.side.bands:
            track = self.tracks[band.track - 1]
            found.append(
                {
                    "position": band.position,
                    "start": clock(band.start_frame / rate),
                    "start_frame": band.start_frame,
                    "length": clock(band.frames / rate),
                    "frames": band.frames,
                    "gap_s": round(band.gap_frames / rate, 3),
                    "crossfade_s": round(band.crossfade_frames / rate, 3),
                    "title": _line(track.title),
                    "performer": _line(track.performer or self.vinyl.performer),
                    "isrc": _line(track.isrc),
                }
            )
        return found

    def json(self) -> str:
        """Return it for machines."""
        vinyl = self.vinyl
        return to_json_text(
            {
                "schema": SCHEMA,
                "file": self.file,
                "side": self.side.letter,
                "title": _line(vinyl.title),
                "performer": _line(vinyl.performer),
                "catalogue_number": _line(vinyl.catalogue_number),
                "diameter_in": vinyl.diameter_in,
                "speed_rpm": vinyl.speed_rpm,
                "sample_rate_hz": self.sample_rate_hz,
                "bit_depth": vinyl.bit_depth,
                "frames": self.side.frames,
                "tracks": self.rows(),
            }
        )

    def csv(self) -> str:
        """Return it as a table, RFC 4180."""
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(self.rows())
        return out.getvalue()

    def text(self, warnings: Sequence[str]) -> str:
        """Return it for the cutting engineer: times from the file's first frame."""
        vinyl, side = self.vinyl, self.side
        speed = "33 1/3" if vinyl.speed_rpm == 33 else str(vinyl.speed_rpm)
        head = " - ".join(filter(None, (_line(vinyl.performer), _line(vinyl.title))))
        lines = [head or "Untitled"]
        if vinyl.catalogue_number:
            lines.append(f"Catalogue number {_line(vinyl.catalogue_number)}-{side.letter}")
        lines += [
            f"Side {side.letter}, {vinyl.diameter_in} inch, {speed} rpm",
            f"{self.file}: {vinyl.bit_depth} bit, {self.sample_rate_hz} Hz",
            f"Length {clock(side.frames / self.sample_rate_hz)}",
            "",
            "No   Start      Length     Gap     Title",
        ]
        lines += [_text_row(row) for row in self.rows()]
        lines += ["", "Gap: silence before a track; x: it fades in over the one before."]
        lines += [f"Note: {warning}." for warning in warnings]
        return "\n".join(lines) + "\n"


def _text_row(row: dict[str, Any]) -> str:
    joined = f"x{row['crossfade_s']:.1f}s" if row["crossfade_s"] else f"{row['gap_s']:.1f}s"
    title = " - ".join(filter(None, (row["title"], row["performer"])))
    line = f"{row['position']:<4} {row['start']}  {row['length']}  {joined:<6}  {title}"
    return line.rstrip()


def read_json(text: str) -> dict[str, Any]:
    """Return a side's cue sheet as it was written.

    Raises:
        ValueError: For anything else.
    """
    found = json.loads(text)
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise ValueError(f"its schema is not {SCHEMA}")
    figures = [found.get(name) for name in ("sample_rate_hz", "bit_depth", "frames")]
    if not all(isinstance(figure, int) for figure in figures) or figures[1] not in {16, 24}:
        raise ValueError("its rate, depth or length is none")
    return found


def _line(text: str) -> str:
    """Return a text as one printable line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
