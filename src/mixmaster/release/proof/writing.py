"""``release.json``: written whole, or not at all, and read as what a stranger may have written."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from mixmaster.audio.names import shown
from mixmaster.documents.problems import problems_of
from mixmaster.engine.publish import put, staged
from mixmaster.errors import AudioFileError, DocumentError, OutputError, Problem
from mixmaster.release.proof.record import RECORD_NAME, SCHEMA, ReleaseRecord
from mixmaster.results import to_json_text

MAX_BYTES = 64 << 20
"""The record of 20,000 files comes near; what is larger is something else."""

EDITED = "it was edited after it was written: what it says is not what was released"

_SCHEMA_PREFIX = "mixmaster/release/"
_MOST_PROBLEMS = 20


def record_text(record: ReleaseRecord) -> str:
    """Return a record as JSON text, ending in a new line: the same text for the same record.

    ``seal`` is the hash of all the rest: a change of the record that nobody meant is noticed.
    """
    table = record.model_dump(mode="json")
    return to_json_text({"schema": SCHEMA, "seal": _seal(table), **table})


def write_record(folder: Path, record: ReleaseRecord) -> Path:
    """Write ``release.json`` into a folder, last of all; an older one is replaced.

    Raises:
        OutputError: When it cannot be written; what was there before is still there.
    """
    data = record_text(record).encode()
    if len(data) > MAX_BYTES:
        raise OutputError(shown(folder / RECORD_NAME), "it would be too large to be read again")
    with staged(folder / RECORD_NAME) as part:
        part.write_bytes(data)
        put(part, folder / RECORD_NAME)
    return folder / RECORD_NAME


def read_record(folder: Path) -> ReleaseRecord:
    """Return what a folder's ``release.json`` says.

    Raises:
        AudioFileError: When there is none, or it cannot be read.
        DocumentError: For what is no record, has been edited, or names what it must not; with
            every problem.
    """
    record, whole = read_any_record(folder)
    if not whole:
        hint = "get it again from where it came, or build the release again"
        raise DocumentError(shown(folder / RECORD_NAME), (Problem("seal", EDITED, hint),))
    return record


def read_any_record(folder: Path) -> tuple[ReleaseRecord, bool]:
    """Return what a folder's ``release.json`` says, and whether it is as it was written.

    Raises:
        AudioFileError: When there is none, or it cannot be read.
        DocumentError: For what is no record, or names what it must not; with every problem.
    """
    path = folder / RECORD_NAME
    return parse_record(_read(path), where=shown(path))


def parse_record(data: bytes, *, where: str) -> tuple[ReleaseRecord, bool]:
    """Return the record that bytes hold, and whether its seal fits; see `read_any_record`."""
    try:
        table = json.loads(data, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise _no_record(where, "it is not JSON") from error
    if not isinstance(table, dict) or not str(table.get("schema")).startswith(_SCHEMA_PREFIX):
        raise _no_record(where, "it has no schema of one")
    schema, seal = table.pop("schema"), table.pop("seal", None)
    if schema != SCHEMA:
        reason = f"is a record of another version: {str(schema)[:80]!r}; this one reads {SCHEMA}"
        raise DocumentError(where, (Problem("schema", reason, "use the mixmaster that wrote it"),))
    try:
        record = ReleaseRecord.model_validate(table)
    except ValidationError as error:
        problems = problems_of(error, ReleaseRecord, table)
        more = len(problems) - _MOST_PROBLEMS
        if more > 0:
            problems = (*problems[:_MOST_PROBLEMS], Problem("", f"and {more} more"))
        raise DocumentError(where, problems) from error
    except RecursionError as error:
        raise _no_record(where, "it is nested too deeply") from error
    return record, seal == _seal(record.model_dump(mode="json"))


def _read(path: Path) -> bytes:
    where = shown(path)
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise AudioFileError(where, "it is no regular file", "name a release's folder")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        hint = "name a folder that mixmaster release has made"
        raise AudioFileError(where, "there is no record of a release", hint) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AudioFileError(where, f"it cannot be read: {reason}") from error
    if len(data) > MAX_BYTES:
        raise _no_record(where, "it is too large")
    return data


def _seal(table: dict[str, Any]) -> str:
    text = json.dumps(table, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _no_record(where: str, why: str) -> DocumentError:
    hint = "a release's folder has one: release.json"
    return DocumentError(where, (Problem("", f"is no record of a release: {why}", hint),))
