"""Drawing an album's signature from its finished release: its folder is enough."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from mixmaster.audio.names import shown
from mixmaster.engine.hashing import hash_once
from mixmaster.errors import AudioFileError, UsageError
from mixmaster.release.levels.coherence import AlbumTrack
from mixmaster.release.levels.cohering import coherence_from_json
from mixmaster.release.levels.hearing import hear_file
from mixmaster.release.levels.signature import Signature, draw_signature
from mixmaster.release.naming import TITLES_APART
from mixmaster.release.proof.record import FileRecord, ReleaseRecord
from mixmaster.release.proof.writing import read_record

_LOSSLESS: Final = frozenset({"wav", "flac", "aiff", "alac"})


def signature_of_release(
    folder: Path,
    *,
    target: str | None = None,
    made: dt.date | None = None,
    threads: int | None = None,
) -> Signature:
    """Return the signature of a released album.

    The masters of one target are heard again, each the very file that was released. Tracks that
    were declared to stand out there are left out of the medians.

    Args:
        folder: The release.
        target: Of whose masters; None takes the first target that keeps the tracks' relations in
            lossless files, else the first with whole tracks.
        made: The day that goes into the document; None leaves it out.
        threads: How many may work; None: as many as there are.

    Raises:
        AudioFileError: For a folder without a record, or a master that cannot be read, or
            is not the one that was released.
        DocumentError: For a record that is not as it was written.
        UsageError: For a target that has no masters there, or an album of silence.
    """
    record = read_record(folder)
    masters = _masters(record)
    name = target or _best(record, masters)
    if name not in masters:
        known = ", ".join(masters) or "none"
        said = f"has no masters for '{name}'" if name else "has no masters of whole tracks"
        raise UsageError(shown(folder), said, f"targets with masters: {known}")
    declared = _declared(record, shown(folder))
    titles = {each.number: each.title for each in record.album.tracks}
    tracks = []
    for file in sorted(masters[name], key=lambda each: each.track or 0):
        title = titles[file.track or 0]
        path = folder / file.path
        if hash_once(path) != file.sha256:
            hint = "mixmaster release check tells more"
            raise AudioFileError(shown(path), "it is not the file that was released", hint)
        heard = hear_file(path, dual_mono=True, threads=threads)
        tracks.append(AlbumTrack(str(file.track), title, heard, declared=title in declared))
    return draw_signature(
        tracks, name=record.album.title, artist=record.album.artist, target=name, made=made
    )


def _masters(record: ReleaseRecord) -> dict[str, list[FileRecord]]:
    """Return the main masters of each target that has whole tracks, in the targets' order."""
    found: dict[str, list[FileRecord]] = {}
    for target in record.targets:
        files = [
            each
            for each in record.files
            if each.target == target.id
            and each.kind == "master"
            and not each.version
            and each.track is not None
            and each.audio is not None
        ]
        if files:
            found[target.id] = files
    return found


def _best(record: ReleaseRecord, masters: Mapping[str, list[FileRecord]]) -> str:
    for target in record.targets:
        files = masters.get(target.id, ())
        lossless = all(
            each.audio is not None and each.audio.container in _LOSSLESS for each in files
        )
        if files and lossless and target.policy != "track":
            return target.id
    return next(iter(masters), "")


def _declared(record: ReleaseRecord, where: str) -> set[str]:
    """Return the titles of tracks that the release's record says are meant to stand out."""
    said = record.coherence.get("coherence")
    if said is None:
        return set()
    names = (each.name for each in coherence_from_json(said, where).tracks if each.declared)
    return {part for name in names for part in (name, *name.split(TITLES_APART))}
