"""A release's folder checked from itself alone: anywhere, and years later."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from mixmaster.audio.names import shown
from mixmaster.checking.findings import Finding
from mixmaster.engine.hashing import hash_once
from mixmaster.errors import AudioFileError
from mixmaster.release.cd.check import check_cd
from mixmaster.release.proof.answers import Fault, Proof, ReleaseCheck
from mixmaster.release.proof.folder import listed
from mixmaster.release.proof.proving import prove_files
from mixmaster.release.proof.record import FileRecord, ReleaseRecord
from mixmaster.release.proof.writing import read_record
from mixmaster.release.vinyl.check import check_vinyl


def check_release(
    folder: Path, *, threads: int | None = None, progress: Callable[[float], None] | None = None
) -> ReleaseCheck:
    """Return what a release's folder is now, held to its own ``release.json``.

    Every file is proven again (see `prove_file`). A file that is missing, renamed, swapped with
    another, cut short or edited is named as such, and so is what does not belong there.

    Args:
        folder: The folder that a release was built into, or a copy of it.
        threads: How many files are decoded at once; the answer is the same.
        progress: Told now and then how much is done, 0 to 1.

    Raises:
        AudioFileError: When it is no folder, or has no ``release.json``.
        DocumentError: When its ``release.json`` is none, has been edited, or names what lies
            outside.
    """
    if not folder.is_dir():
        reason = "it is no folder" if folder.exists() else "there is no such folder"
        raise AudioFileError(shown(folder), reason, "name a folder that mixmaster release has made")
    record = read_record(folder)
    strangers = _strangers(folder, record)
    proofs = prove_files(folder, record.files, threads=threads, progress=progress)
    moved, strangers = _renamed(folder, record.files, proofs, strangers)
    proofs = tuple(_exchanged(record.files, moved))
    return ReleaseCheck(
        album=record.album.title,
        artist=record.album.artist,
        files=proofs,
        extra=tuple(_extra(folder, record.files, strangers)),
        disc=tuple(_disc(folder, proofs)),
    )


def _disc(folder: Path, proofs: Sequence[Proof]) -> Iterable[Fault]:
    """Yield what is wrong with the parts of a disc or a record together: sheets and sound."""
    checks: dict[str, Callable[[Path], Iterable[Finding]]]
    checks = {"disc": check_cd, "vinyl": check_vinyl}
    for kind, check in checks.items():
        parts = [proof for proof in proofs if proof.kind == kind]
        # What leads out of the folder is not read, whoever asks.
        if any(_has(proof, "unreadable") for proof in parts):
            continue
        for place in sorted({proof.path.partition("/")[0] for proof in parts}):
            for finding in check(folder / place):
                yield Fault("disc", f"{_said(place)}: {finding.file}: {finding.text}")


def _strangers(folder: Path, record: ReleaseRecord) -> list[str]:
    """Return what lies in the folder and is not in the record."""
    known = {file.path for file in record.files}
    # Some systems give names back in another composition than they were given.
    composed = {unicodedata.normalize("NFC", place) for place in known}
    return [
        place
        for place in listed(folder)
        if place not in known
        and not (
            unicodedata.normalize("NFC", place) in composed
            and _same_file(folder / place, folder / unicodedata.normalize("NFC", place))
        )
    ]


def _same_file(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return False


def _renamed(
    folder: Path, records: Sequence[FileRecord], proofs: Iterable[Proof], strangers: list[str]
) -> tuple[list[Proof], list[str]]:
    """Return the proofs with missing files found under other names, and the strangers left."""
    left = list(strangers)
    found: list[Proof] = []
    for record, proof in zip(records, proofs, strict=True):
        place = None
        if proof.sha256 is None and _has(proof, "missing"):
            place = next((each for each in left if _is(folder / each, record)), None)
        if place is None:
            found.append(proof)
            continue
        left.remove(place)
        text = f"it was renamed: it lies there as {_said(place)}"
        found.append(dataclasses.replace(proof, faults=(Fault("renamed", text),)))
    return found, left


def _exchanged(records: Sequence[FileRecord], proofs: Sequence[Proof]) -> Iterable[Proof]:
    """Yield the proofs; of those that hold what another should hold, with that said instead."""
    owners: dict[str, list[int]] = {}
    for i, record in enumerate(records):
        owners.setdefault(record.sha256, []).append(i)
    for i, (record, proof) in enumerate(zip(records, proofs, strict=True)):
        others = [] if proof.sha256 is None else owners.get(proof.sha256, [])
        if i in others or not others:
            yield proof
            continue
        pair = next((o for o in others if proofs[o].sha256 == record.sha256), None)
        if pair is not None:
            other = _said(records[pair].path)
            fault = Fault("swapped", f"it was swapped with {other}: each lies under the other name")
        else:
            other = _said(records[others[0]].path)
            fault = Fault("misplaced", f"it holds what belongs into {other}")
        # All else that is wrong with it is wrong because it is the other one.
        yield dataclasses.replace(proof, faults=(fault,), unchecked=())


def _extra(folder: Path, records: Sequence[FileRecord], strangers: list[str]) -> Iterable[Fault]:
    for place in strangers:
        path = folder / place
        said = _said(place)
        if path.is_symlink():
            yield Fault("extra", f"{said} is a link, and belongs to no part of the release")
            continue
        same = next((record for record in records if _is(path, record)), None)
        if same is None:
            yield Fault("extra", f"{said} belongs to no part of the release")
        else:
            yield Fault("extra", f"{said} is a copy of {_said(same.path)} that nobody released")


def _is(path: Path, record: FileRecord) -> bool:
    """Return whether a stranger in the folder has a file's content; read only if its size has."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size != record.bytes:
            return False
        return hash_once(path) == record.sha256
    except (OSError, AudioFileError):
        return False


def _has(proof: Proof, code: str) -> bool:
    return any(fault.code == code for fault in proof.faults)


def _said(place: str) -> str:
    return f"'{shown(place)}'"
