"""A release's folder checked from itself alone: anywhere, and years later."""

from __future__ import annotations

import dataclasses
import stat
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from mixmaster.audio.names import shown
from mixmaster.checking.findings import Finding
from mixmaster.engine.hashing import hash_once
from mixmaster.engine.manifest import versions
from mixmaster.errors import AudioFileError
from mixmaster.release.cd.check import check_cd
from mixmaster.release.proof.answers import Fault, Proof, ReleaseCheck
from mixmaster.release.proof.folder import listed
from mixmaster.release.proof.proving import prove_files
from mixmaster.release.proof.record import RECORD_NAME, FileRecord, ReleaseRecord
from mixmaster.release.proof.writing import EDITED, read_any_record
from mixmaster.release.vinyl.check import check_vinyl

_DECODERS: Final = ("mixmaster", "libsndfile")


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
        DocumentError: When its ``release.json`` is none, or names what lies outside.
    """
    if not folder.is_dir():
        reason = "it is no folder" if folder.exists() else "there is no such folder"
        raise AudioFileError(shown(folder), reason, "name a folder that mixmaster release has made")
    record, whole = read_any_record(folder)
    strangers = _strangers(folder, record)
    odd = [place for place in strangers if _size(folder / place) is None]
    proofs = prove_files(folder, record.files, threads=threads, progress=progress)
    moved, strangers = _renamed(folder, record.files, proofs, strangers)
    proofs = tuple(_exchanged(record.files, moved))
    extra = [] if whole else [Fault("edited", f"{_said(RECORD_NAME)}: {EDITED}")]
    extra += _extra(folder, record.files, strangers)
    return ReleaseCheck(
        album=record.album.title,
        artist=record.album.artist,
        files=proofs,
        extra=tuple(extra),
        disc=tuple(_disc(folder, proofs, odd)),
        notes=tuple(_notes(record)),
    )


def _notes(record: ReleaseRecord) -> Iterable[str]:
    """Yield what else decodes here than did where the release was built."""
    then, now = record.versions, versions()
    for name in _DECODERS:
        if name in then and then[name] != now[name]:
            yield f"made with {name} {shown(then[name][:40])}; here it is {now[name]}"


def _disc(folder: Path, proofs: Sequence[Proof], odd: Sequence[str]) -> Iterable[Fault]:
    """Yield what is wrong with the parts of a disc or a record together: sheets and sound.

    Args:
        folder: The release's folder.
        proofs: Of all files.
        odd: What lies there and is neither of the release nor a regular file.
    """
    checks: dict[str, Callable[[Path], Iterable[Finding]]]
    checks = {"disc": check_cd, "vinyl": check_vinyl}
    for kind, check in checks.items():
        parts = [proof for proof in proofs if proof.kind == kind]
        for place in sorted({proof.path.partition("/")[0] for proof in parts}):
            # What leads out of the folder is not read, whoever asks; it is red already.
            inside = [proof for proof in parts if proof.path.startswith(f"{place}/")]
            if any(_has(proof, "unreadable") and proof.sha256 is None for proof in inside):
                continue
            if any(each.startswith(f"{place}/") for each in odd):
                continue
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
    pairs = list(zip(records, proofs, strict=True))
    sizes = {record.bytes for record, proof in pairs if _has(proof, "missing")}
    # By hash, since a stranger may have filled both the folder and the record.
    by_hash: dict[str, list[str]] = {}
    for each in strangers:
        if _size(folder / each) in sizes:
            by_hash.setdefault(_hash(folder / each), []).append(each)
    taken: set[str] = set()
    found: list[Proof] = []
    for record, proof in pairs:
        places = by_hash.get(record.sha256) if _has(proof, "missing") else None
        if places:
            place = places.pop(0)
            taken.add(place)
            text = f"it was renamed: it lies there as {_said(place)}"
            found.append(dataclasses.replace(proof, faults=(Fault("renamed", text),)))
        else:
            found.append(proof)
    return found, [place for place in strangers if place not in taken]


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
    owners = {record.sha256: record.path for record in records}
    sizes = {record.bytes for record in records}
    for place in strangers:
        path, said = folder / place, _said(place)
        if path.is_symlink():
            yield Fault("extra", f"{said} is a link, and belongs to no part of the release")
            continue
        same = owners.get(_hash(path)) if _size(path) in sizes else None
        if same is None:
            yield Fault("extra", f"{said} belongs to no part of the release")
        else:
            yield Fault("extra", f"{said} is a copy of {_said(same)} that nobody released")


def _size(path: Path) -> int | None:
    """Return a stranger's size; None for what is no regular file."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _hash(path: Path) -> str:
    """Return a stranger's hash; empty where it cannot be read."""
    try:
        return hash_once(path)
    except AudioFileError:
        return ""


def _has(proof: Proof, code: str) -> bool:
    return any(fault.code == code for fault in proof.faults)


def _said(place: str) -> str:
    return f"'{shown(place)}'"
