"""What masters of a batch are called."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mixmaster.mixing.prints.file_names import TemplateError, file_name, safe
from mixmaster.mixing.prints.file_names import check_template as check_plain
from mixmaster.mixing.prints.versions import MAIN

DEFAULT_TEMPLATE = "{song}_{version}_{target}"
"""Of the main version nothing is said: ``Night Drive_spotify.flac``."""

FIELDS: Mapping[str, str] = {
    "song": "the session's short name or title, the stems' folder, or the mix's name",
    "title": "the session's title",
    "artist": "whose song it is, as the session says",
    "version": "instrumental ...; nothing for the mix itself",
    "master": "the mastering preset's name",
    "target": "spotify ...",
    "folder": "the folder that the session, the stems' folder or the mix lies in",
    "rate": "the sample rate in kHz",
    "bits": "16 or 24, and 32f for float",
}
"""What a template may say."""

_OWN = ("master", "folder")
_FIELD = re.compile(r"\{(master|folder)\}")


def check_template(template: str) -> None:
    """Raise for a template that cannot be used.

    Raises:
        TemplateError: For unknown fields, unmatched braces, or a file outside the folder.
    """
    check_plain(_FIELD.sub("x", template))


def master_name(template: str, values: Mapping[str, str], suffix: str) -> str:
    """Return a master's path below the output folder, with ``/``.

    Args:
        template: What it is made of.
        values: The value of every field.
        suffix: ``.flac``.

    Raises:
        TemplateError: As `check_template`, and where no name is left.
    """

    def own(match: re.Match[str]) -> str:
        # A value is no template.
        return safe(values[match[1]]).replace("{", "{{").replace("}", "}}")

    plain = {name: text for name, text in values.items() if name not in _OWN}
    version = "" if values["version"] == MAIN else values["version"]
    name = file_name(_FIELD.sub(own, template), {**plain, "version": version, "preset": ""}, suffix)
    if not name.lower().endswith(suffix):
        raise TemplateError(f"'{template}' does not end in {suffix}", "leave the suffix out")
    return name
