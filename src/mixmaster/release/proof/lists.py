"""Lists for machines and tables: checksums, and the tracks as comma-separated values."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from mixmaster.release.proof.record import AlbumRecord, FileRecord

CHECKSUMS_NAME = "checksums.sha256"
TRACKS_NAME = "tracks.csv"

_COLUMNS = (
    "track",
    "title",
    "version",
    "artist",
    "isrc",
    "writers",
    "explicit",
    "duration",
    "duration_s",
    "album",
    "upc",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def checksums(files: Iterable[FileRecord]) -> bytes:
    """Return the hashes of files as ``sha256sum -c`` reads them, in the order of their places."""
    lines = sorted((file.path, file.sha256) for file in files)
    return "".join(f"{sha256}  {path}\n" for path, sha256 in lines).encode()


def tracks_csv(album: AlbumRecord) -> bytes:
    """Return the track list as comma-separated values (RFC 4180), UTF-8 with a byte-order mark.

    A text that a spreadsheet would run as a formula has an apostrophe in front (OWASP, CSV
    injection); ``release.json`` has it as it is.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(_COLUMNS)
    for track in album.tracks:
        explicit = {True: "yes", False: "no", None: ""}[track.explicit]
        cells = (
            *(str(track.number), track.title, track.version, track.artist or album.artist),
            *(track.isrc, "; ".join(track.writers), explicit, clock(track.duration_s)),
            *(f"{track.duration_s:.3f}", album.title, album.upc),
        )
        table.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return text.getvalue().encode("utf-8-sig")


def clock(seconds: float) -> str:
    """Return a length as ``4:07``, or ``1:02:33``, to the nearest second."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
