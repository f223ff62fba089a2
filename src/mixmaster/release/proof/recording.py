"""Making records: of a file that lies in the folder, and of what its proof found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mixmaster.audio.bext import Broadcast
from mixmaster.audio.formats import FileSpec
from mixmaster.audio.tags.values import Tags
from mixmaster.engine.hashing import hash_once
from mixmaster.release.proof.answers import Proof
from mixmaster.release.proof.folder import regular_file
from mixmaster.release.proof.record import (
    AudioRecord,
    FileKind,
    FileRecord,
    LimitsRecord,
)


def audio_record(spec: FileSpec, frames: int) -> AudioRecord:
    """Return what a sound file must be that was written to a specification.

    Args:
        spec: What was written.
        frames: Its length when decoded.
    """
    audio = AudioRecord(
        container=spec.container,
        sample_rate_hz=spec.sample_rate_hz,
        channels=spec.channels,
        frames=frames,
    )
    if audio.lossy:
        return audio.model_copy(update={"bitrate_kbps": spec.bitrate_kbps})
    return audio.model_copy(update={"bit_depth": spec.bit_depth})


def recorded(
    folder: Path,
    path: str,
    kind: FileKind,
    *,
    target: str = "",
    track: int | None = None,
    version: str = "",
    audio: AudioRecord | None = None,
    limits: LimitsRecord | None = None,
    tags: Tags | None = None,
    picture_sha256: str | None = None,
    broadcast: Broadcast | None = None,
    notes: Iterable[str] = (),
    key: str = "",
    made_from: Mapping[str, Any] | None = None,
) -> FileRecord:
    """Return the record of a file that lies in the folder: its size and hash are taken now.

    Args:
        folder: The release's folder.
        path: Where the file lies in it, with / between the parts.
        kind: What it is for.
        target: The target's id.
        track: The track's number.
        version: Which version of the mix it is.
        audio: Of sound files: what they must be.
        limits: What it must keep to.
        tags: The tags that it must have; ``Tags()`` for none at all, None where tags are not
            looked at.
        picture_sha256: The hash of the picture in its tags.
        broadcast: What its bext chunk must say.
        notes: What had to be said.
        key: What identifies how it was made.
        made_from: The master it is of, and what was done.

    Raises:
        AudioFileError: For what is no file or cannot be read.
        OutputError: For what leads out of the folder.
        FileNotFoundError: When there is none.
        ValidationError: For what a record cannot say; that is a mistake of the caller.
    """
    place = regular_file(folder, path)
    return FileRecord(
        path=path,
        sha256=hash_once(place),
        bytes=place.stat().st_size,
        kind=kind,
        target=target,
        track=track,
        version=version,
        audio=audio,
        limits=limits or LimitsRecord(),
        tags=None if tags is None else tags.to_json(),
        picture_sha256=picture_sha256,
        broadcast=None if broadcast is None else broadcast.to_json(),
        notes=tuple(notes),
        key=key,
        made_from=dict(made_from or {}),
    )


def proven(record: FileRecord, proof: Proof) -> FileRecord:
    """Return a record with what its proof measured: later proofs are held to it.

    Args:
        record: Of a sound file that was just made.
        proof: What `prove_file` said of it.
    """
    if record.audio is None or proof.figures is None:
        return record
    samples = None if record.audio.lossy else proof.samples_sha256
    audio = record.audio.model_copy(update={"samples_sha256": samples})
    return record.model_copy(update={"audio": audio, "figures": proof.figures})
