"""Where things lie that are not local paths: ``s3://bucket/songs``, ``gs://``, ``memory://``.

A location never carries a credential: those come from the provider's own environment or
configuration (``AWS_PROFILE``, ``AWS_ENDPOINT_URL``, ``GOOGLE_APPLICATION_CREDENTIALS``), and what
looks like one is refused before it can reach a key, a manifest or a log. Names in a listing are
other people's: each is checked before it becomes a local path.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from mixmaster.audio.names import shown
from mixmaster.errors import StorageError, UsageError

NEEDS: Final = {
    "s3": "s3fs",
    "gs": "gcsfs",
    "az": "adlfs",
    "file": "",
    "memory": "",
}
"""Every scheme that is understood, and the package that it needs besides fsspec."""

_CALLED: Final = {"s3a": "s3", "gcs": "gs", "abfs": "az", "local": "file"}
_SCHEME: Final = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*(?:::[A-Za-z][A-Za-z0-9+.-]*)*)://")
_SIGNED: Final = re.compile(r"(?i)[?&](x-amz-|x-goog-|sig=|signature=|awsaccesskeyid=|token=)")
_MOST_NAME_BYTES: Final = 255
_MOST_KEY_BYTES: Final = 1024  # S3: "Creating object key names"; Cloud Storage says the same


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A file or a folder of files in a store.

    Attributes:
        scheme: One of `NEEDS`.
        path: Bucket and key, or an absolute path for ``file``; no slash at its end.
    """

    scheme: str
    path: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what ``scheme://path`` names.

        Raises:
            UsageError: For an unknown scheme, a credential in the address, ``..`` or control
                characters. What may be secret is not repeated.
        """
        match = _SCHEME.match(text)
        if not match:
            raise UsageError(shown(text), "it is no address of a store", "such as s3://bucket/path")
        said = match[1].lower()
        scheme = _CALLED.get(said, said)
        rest = text[match.end() :]
        if scheme not in NEEDS:
            known = ", ".join(f"{name}://" for name in NEEDS)
            raise UsageError(f"{shown(said)}://", "this kind of store is not known", known)
        authority = rest.split("/", 1)[0]
        if scheme != "file" and ("@" in authority or ":" in authority or _SIGNED.search(rest)):
            raise UsageError(
                f"{scheme}://",
                "the address carries a user, a password, a port or a signature",
                "credentials and endpoints come from the environment or the provider's own "
                "configuration, such as AWS_PROFILE and AWS_ENDPOINT_URL",
            )
        path = rest.rstrip("/")
        if scheme in {"file", "memory"}:
            path = "/" + path.lstrip("/")
        where = shown(f"{scheme}://{path}")
        if not path.strip("/"):
            raise UsageError(where, "it names no bucket or folder", "such as s3://bucket/path")
        if any(part in {"..", "."} for part in path.split("/")) or not path.isprintable():
            raise UsageError(where, "it has dots or control characters as names", "say it plainly")
        if len(os.fsencode(path)) > _MOST_KEY_BYTES:
            raise UsageError(where, "it is too long", f"{_MOST_KEY_BYTES} bytes at most")
        return cls(scheme, path)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.path}"

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def folder(self) -> Location:
        """What it lies in; a bucket lies in itself."""
        above = self.path.rsplit("/", 1)[0]
        return Location(self.scheme, above or self.path)

    def child(self, name: str) -> Location:
        """Return what is called ``name``, which may have folders, inside this one.

        Raises:
            StorageError: For a name that would lead anywhere else.
        """
        return Location(self.scheme, f"{self.path}/{checked_name(name, str(self))}")

    def beside(self, name: str) -> Location:
        """Return what is called ``name`` in the same folder."""
        return self.folder.child(name)


def is_address(text: str | os.PathLike[str]) -> bool:
    """Return whether something is an address of a store and no local path."""
    return isinstance(text, str) and bool(_SCHEME.match(text))


def checked_name(name: str, where: str) -> str:
    """Return a relative name out of a listing if it can be a path below a local folder.

    Args:
        name: Parts with slashes between them.
        where: What the listing is of, for the error.

    Raises:
        StorageError: For absolute names, ``..``, backslashes, drives, control characters, empty
            parts and parts of more than 255 bytes.
    """
    parts = name.split("/")
    fits = (
        name.isprintable()
        and "\\" not in name
        and not Path(name).is_absolute()
        and not (len(name) > 1 and name[1] == ":")
        and all(part not in {"", ".", ".."} for part in parts)
        and all(len(os.fsencode(part)) <= _MOST_NAME_BYTES for part in parts)
    )
    if not fits:
        raise StorageError(
            shown(where), f"it holds a name that cannot be a file here: {shown(name)[:120]!r}"
        )
    return name


def _hidden(name: str) -> bool:
    return any(part.startswith(".") and part not in {".", ".."} for part in name.split("/"))


def pick_names(names: list[str], where: str) -> list[str]:
    """Return the names of a listing that are somebody's files, checked and sorted.

    Hidden files, macOS's companions and the marks that stand for folders are passed over.

    Raises:
        StorageError: For a name that cannot be a file here, and for two that differ in case alone
            or are one a file and one its folder: on some disks they would be one.
    """
    kept = sorted(
        checked_name(name, where)
        for name in names
        if name and not name.endswith("/") and not _hidden(name)
    )
    folded: dict[str, str] = {}
    for name in kept:
        other = folded.setdefault(name.casefold(), name)
        if other != name:
            raise StorageError(
                shown(where), f"{other!r} and {name!r} differ in case alone", "rename one"
            )
    for name in kept:
        parts = name.casefold().split("/")
        above = ("/".join(parts[:count]) for count in range(1, len(parts)))
        for part in above:
            if part in folded:
                reason = f"{folded[part]!r} is a file and also the folder of {name!r}"
                raise StorageError(shown(where), reason, "rename one")
    return kept
