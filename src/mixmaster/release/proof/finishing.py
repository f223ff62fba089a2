"""The end of a build: pages and lists of all that was made, and the record with them in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mixmaster.engine.publish import put, staged
from mixmaster.pages.release.data import PageTable
from mixmaster.pages.release.notes import NOTES, release_notes
from mixmaster.pages.release.page import INDEX, release_page
from mixmaster.release.proof.answers import Proof
from mixmaster.release.proof.lists import CHECKSUMS_NAME, TRACKS_NAME, checksums, tracks_csv
from mixmaster.release.proof.record import FileKind, ReleaseRecord
from mixmaster.release.proof.recording import recorded
from mixmaster.release.proof.showing import page_release

OWN_NAMES = (INDEX, NOTES, TRACKS_NAME, CHECKSUMS_NAME)
"""What is written here, beside ``release.json``."""


def add_pages(
    folder: Path,
    record: ReleaseRecord,
    proofs: Sequence[Proof],
    *,
    cover: bytes | None = None,
    coherence: PageTable | None = None,
) -> ReleaseRecord:
    """Write a release's pages and lists into its folder; return the record with them in it.

    The page (``index.html``), the delivery notes (``notes.html``), the track list
    (``tracks.csv``) and the checksums (``checksums.sha256``) become part of the record, and so
    of what `check_release` proves. The same record and proofs give the same bytes.

    Args:
        folder: Where they are put: the release's folder, or what becomes it.
        record: The release, without these files.
        proofs: What was found of each of its files, in their order.
        cover: The art, a JPEG or PNG file, for the pages.
        coherence: How its tracks compare, for the page.

    Raises:
        OutputError: When a file cannot be written.
    """
    release = page_release(record, proofs, cover=cover, coherence=coherence)
    files = list(record.files)
    own: tuple[tuple[str, FileKind, bytes], ...] = (
        (TRACKS_NAME, "document", tracks_csv(record.album)),
        (NOTES, "page", release_notes(release).encode("utf-8", "replace")),
        (INDEX, "page", release_page(release).encode("utf-8", "replace")),
    )
    for name, kind, data in own:
        _put(folder / name, data)
        files.append(recorded(folder, name, kind))
    _put(folder / CHECKSUMS_NAME, checksums(files))
    files.append(recorded(folder, CHECKSUMS_NAME, "document"))
    whole = record.model_copy(update={"files": tuple(files)})
    # Validated again: no file of the release may be called as one of these.
    return ReleaseRecord.model_validate(whole.model_dump())


def _put(path: Path, data: bytes) -> None:
    with staged(path) as part:
        part.write_bytes(data)
        put(part, path)
