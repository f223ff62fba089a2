"""Places inside a release's folder, as a record names them: a stranger may have written it."""

from __future__ import annotations

from mixmaster.mixing.prints.file_names import is_device

MAX_PLACE_BYTES = 1_024
MAX_NAME_BYTES = 255  # of one folder or file: what common file systems hold

_WINDOWS_ONLY = frozenset('\\:*?"<>|')


def wrong_with(place: str) -> str:
    """Return what keeps a place from being one inside a folder, anywhere; empty if nothing does.

    A place is relative, with ``/`` between its parts, and means the same on every system: no
    ``..``, no drive, no device, no character that some system does not have in names.

    Args:
        place: Such as ``spotify/01 First.flac``.
    """
    parts = place.split("/")
    if not place or place.startswith("/"):
        return "is no place inside the folder"
    if any(part in {"", ".", ".."} for part in parts):
        return "leads elsewhere: no '..', '.' or empty part is allowed"
    if any(not c.isprintable() or c in _WINDOWS_ONLY for c in place):
        return "has a character that not every system has in names"
    if any(part[-1] in ". " for part in parts):
        return "has a part that ends in a dot or a space: not every system has such names"
    if any(is_device(part) for part in parts):
        return "has a part that is the name of a device on Windows"
    data = place.encode("utf-8", "surrogatepass")
    if len(data) > MAX_PLACE_BYTES or any(len(p.encode()) > MAX_NAME_BYTES for p in parts):
        return "is too long"
    return ""
