"""Names of files by a template, such as ``{artist}_{title}_{version}_{rate}k{bits}``."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from mixmaster.audio.names import shown
from mixmaster.audio.sink import CONTAINERS
from mixmaster.documents.addresses import did_you_mean
from mixmaster.engine.outputs import inside
from mixmaster.errors import UsageError

DEFAULT_TEMPLATE = "{artist}_{title}_{version}_{rate}k{bits}"

FIELDS: Mapping[str, str] = {
    "artist": "whose song it is, as the session says; nothing without one",
    "title": "the session's title, or the name of the stems' folder",
    "song": "the session's short name, where it has one; else its title",
    "version": "main, instrumental ...; of stems the group's name",
    "preset": "the mix preset's name",
    "target": "of masters what they are made for: spotify; nothing for mixes",
    "rate": "the sample rate in kHz: 48, 44.1",
    "bits": "16 or 24, and 32f for float",
}
"""What a template may say, and what that is."""

_SEPARATORS = "_- "
_UNSAFE = '/\\:*?"<>|'
_LONGEST = 100
_LONGEST_BYTES = 200
"""Of one part of a path, without its suffix: file systems hold 255, manifests' names are longer."""

_RESERVED = {
    *("con", "prn", "aux", "nul", "conin$", "conout$"),
    *(f"{port}{digit}" for port in ("com", "lpt") for digit in "123456789¹²³"),
}
"""Names of devices on Windows, whatever follows behind a dot."""

_WIDTH = re.compile(r"0[2-9]")


class TemplateError(ValueError):
    """A template that cannot be used.

    Args:
        reason: What is wrong with it.
        hint: What would be right.
    """

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


def check_template(template: str, fields: Mapping[str, str] = FIELDS) -> None:
    """Raise for a template that is none.

    Args:
        template: What names are made of.
        fields: What it may say.

    Raises:
        TemplateError: For a field that does not exist, or braces that do not match.
    """
    _parts(template, fields)


def file_name(
    template: str, values: Mapping[str, str], suffix: str, fields: Mapping[str, str] = FIELDS
) -> str:
    """Return a file's name, perhaps below folders where the template has slashes.

    Values cannot lead anywhere: separators, control characters, those that turn text round among
    them, and what some system forbids become spaces, and no part begins with a dot.
    ``{track:02}`` writes a number with two digits at least. Where a field has no value, what
    separated it goes, too, and so does a folder without a name.

    Args:
        template: What the name is made of.
        values: The value of every field.
        suffix: The name's end, unless the template has one that says what kind of file it is.
        fields: What the template may say.

    Raises:
        TemplateError: As `check_template`, and where no name is left.
    """
    levels: list[str] = [""]
    for literal, field, width in _parts(template, fields):
        first, *more = literal.split("/")
        levels[-1] = _joined(levels[-1], first)
        levels += more
        if field is not None:
            value = safe(values[field])
            value = value.zfill(width) if value.isdecimal() else value
            levels[-1] = _joined(levels[-1], value)
    ending = Path(template).suffix
    has_ending = ending.lower() in CONTAINERS and levels[-1].endswith(ending)
    if has_ending:
        levels[-1] = levels[-1].removesuffix(ending)
    *folders, name = (_tidy(level) for level in levels)
    if not name:
        raise TemplateError(f"'{template}' leaves the name empty", "add {title} or {version}")
    return "/".join([*filter(None, folders), name]) + (ending if has_ending else suffix)


def suffix_of(template: str) -> str | None:
    """Return the end of a template that says what kind of file is meant; None if it does not."""
    ending = Path(template).suffix
    return ending if ending.lower() in CONTAINERS else None


def safe(value: str) -> str:
    """Return a value that can neither leave a folder nor trouble a file system."""
    text = unicodedata.normalize("NFC", value)
    bare = "".join(" " if c in _UNSAFE or not c.isprintable() else c for c in text)
    words = " ".join(bare.split()).strip(". ")
    return words[:_LONGEST].rstrip()


def safe_name(value: str) -> str:
    """Return a value as one whole name of a file or folder; empty where nothing of it is left."""
    return _tidy(safe(value))


def is_device(name: str) -> bool:
    """Tell whether a name is that of a device on Windows, whatever follows behind a dot."""
    return name.partition(".")[0].rstrip().casefold() in _RESERVED


def folded(name: str) -> str:
    """Return what two names share that are one file where case or composition does not count.

    The canonical caseless match of the Unicode Standard, section 3.13, D145.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def place(folder: Path, names: Mapping[str, str]) -> dict[str, Path]:
    """Return where files lie, by what each is; no two in one place, none outside the folder.

    Args:
        folder: The folder of all.
        names: The files' names, by what they are.

    Raises:
        UsageError: For two of one name: file systems that take upper and lower case for the same
            count, too.
        OutputError: For a link that leads out of the folder.
    """
    taken: dict[str, str] = {}
    for what, name in names.items():
        key = folded(name)
        if key in taken:
            reason = f"{taken[key]} and {what} would both be '{shown(name)}'"
            raise UsageError("--name-template", reason, "say {version} in it")
        taken[key] = what
    return {what: inside(folder, name) for what, name in names.items()}


def rate_text(sample_rate_hz: int) -> str:
    """Return a rate in kHz: ``48``, ``44.1``."""
    return f"{sample_rate_hz / 1000:.6g}"


def bits_text(bit_depth: int) -> str:
    """Return a bit depth: ``24``; ``32f`` is float."""
    return "32f" if bit_depth == 32 else str(bit_depth)


def _parts(template: str, fields: Mapping[str, str]) -> list[tuple[str, str | None, int]]:
    known = ", ".join(f"{{{name}}}" for name in fields)
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise TemplateError(f"'{template}': {error}", f"fields are {known}") from error
    found: list[tuple[str, str | None, int]] = []
    for literal, field, form, conversion in parts:
        if field is not None and field not in fields:
            hint = did_you_mean(field, list(fields))
            raise TemplateError(f"'{template}': no field '{{{field}}}'", hint)
        if conversion or (form and not _WIDTH.fullmatch(form)):
            raise TemplateError(f"'{template}': {{{field}}} takes no format", f"write {{{field}}}")
        if any(not c.isprintable() or c in _UNSAFE.replace("/", "") for c in literal):
            reason = f"'{template}' holds what no file's name may hold everywhere"
            raise TemplateError(reason, f"letters, digits, spaces, _ - . and fields: {known}")
        found.append((literal, field, int(form or 0)))
    levels = template.split("/")
    if any(level.strip(" ") in {"", ".", ".."} or level.startswith(".") for level in levels):
        reason = f"'{template}' leads out of the folder, or to a hidden file"
        raise TemplateError(reason, "name files inside the folder: {title}/{version}")
    return found


def _joined(name: str, more: str) -> str:
    """Return both, one after the other, without a separator too many where a value is empty."""
    if (not name or name[-1] in _SEPARATORS) and more[:1] and more[0] in _SEPARATORS:
        more = more.lstrip(_SEPARATORS)
    return name + more


def _tidy(name: str) -> str:
    name = unicodedata.normalize("NFC", name).strip(_SEPARATORS + ".")
    cut = name.encode()[:_LONGEST_BYTES].decode(errors="ignore")
    name = name if cut == name else cut.rstrip(_SEPARATORS + ".")
    device, dot, rest = name.partition(".")
    return f"{device.rstrip()}_{dot}{rest}" if is_device(name) else name
