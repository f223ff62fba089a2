"""``mixmaster presets``: list, show, check, and their JSON Schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mixmaster.cli.commands import Command, Group
from mixmaster.cli.options import json_option

if TYPE_CHECKING:
    from mixmaster.documents.base import Document

KINDS = ("mix", "mastering", "target", "profile", "system")
OWN = ("session", "release")
"""Documents of a song's or an album's own: no presets, but checked like them, with a schema."""

DOCUMENTS = (*KINDS, *OWN)


def model_of(kind: str) -> type[Document]:
    """Return the model of a kind of document."""
    if kind == "mix":
        from mixmaster.mixing.preset import MixPreset

        return MixPreset
    if kind == "session":
        from mixmaster.mixing.sessions.session import Session

        return Session
    if kind == "release":
        from mixmaster.release.album.document import Album

        return Album
    if kind == "mastering":
        from mixmaster.mastering.preset import MasteringPreset

        return MasteringPreset
    if kind == "profile":
        from mixmaster.mastering.profile import Profile

        return Profile
    if kind == "system":
        from mixmaster.preview.system import PlaybackSystem

        return PlaybackSystem
    from mixmaster.mastering.target import Target

    return Target


def _complete(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    from mixmaster.documents.finding import list_presets

    del context, parameter
    return [preset.name for preset in list_presets() if preset.name.startswith(typed)]


@click.group("presets", cls=Group, short_help="List, show and check presets and targets.")
def command() -> None:
    """List, show and check presets and targets.

    Your own lie in ~/.config/mixmaster/presets, in mix, mastering, targets, profiles and
    systems; one of them hides the shipped one of its name.
    """


@command.command(
    "list",
    cls=Command,
    short_help="List presets and targets.",
    examples=["presets list", "presets list target --json"],
)
@click.argument("kind", required=False, type=click.Choice(KINDS))
@json_option
def list_command(kind: str | None, as_json: bool) -> None:
    """List presets: mix, mastering, target, profile and system; those that ship and your own."""
    from mixmaster.cli.output import show, show_json, table
    from mixmaster.documents.finding import list_presets
    from mixmaster.documents.loading import read_table
    from mixmaster.errors import DocumentError

    rows, listed = [], []
    for preset in list_presets(kind):
        try:
            head = read_table(preset.path)
            title, about = str(head.get("name", "")), str(head.get("description", ""))
        except DocumentError as error:
            title, about = "", f"unreadable: {error}"
        rows.append((preset.kind, preset.name, about, preset.origin))
        listed.append(
            {
                "schema": "mixmaster/preset/1",
                "kind": preset.kind,
                "name": preset.name,
                "title": title,
                "description": about,
                "origin": preset.origin,
                "path": str(preset.path),
            }
        )
    if as_json:
        show_json(listed)
    else:
        show(table("", ("kind", "name", "description", "origin"), rows))


@command.command(
    "show",
    cls=Command,
    short_help="Print a preset as it is written.",
    examples=["presets show rock-band", "presets show flat > mine.toml"],
)
@click.argument("name", shell_complete=_complete)
def show_command(name: str) -> None:
    """Print the preset NAME as it is written, comments included.

    Two of one name are told apart by their folder: mastering/podcast, targets/podcast.
    """
    from mixmaster.cli.output import echo, printable
    from mixmaster.documents.finding import find_preset
    from mixmaster.documents.loading import read_table

    path = find_preset(None, name)
    read_table(path)
    echo(printable(f"# {path}"), err=True)
    echo(path.read_bytes(), nl=False)


@command.command(
    "check",
    cls=Command,
    short_help="Check presets: every mistake is named.",
    examples=["presets check mine.toml song.toml", "presets check rock-band spotify --json"],
)
@click.argument("files", nargs=-1, required=True, shell_complete=_complete)
@json_option
def check_command(files: tuple[str, ...], as_json: bool) -> int:
    """Check preset FILES (paths or names): every mistake is named, with the nearest right key.

    The files that effects need, such as impulse responses, are looked for too; for a session its
    stems, which must be there, and as long as it says.

    Exit status 1 when there is one.
    """
    from mixmaster.cli.output import echo, printable, show_json
    from mixmaster.documents.finding import find_preset
    from mixmaster.errors import DocumentError

    listed, status = [], 0
    for name in files:
        try:
            path = _as_file(name) or find_preset(None, name)
            kind = _kind_of(path)
            _check(kind, path)
        except DocumentError as error:
            status = 1
            listed.append({"file": name, "valid": False, **error.to_json()})
            text = str(error)
        else:
            listed.append({"file": str(path), "valid": True})
            text = f"{path}: valid {kind}{'' if kind in OWN else ' preset'}"
        if not as_json:
            echo(printable(text))
    if as_json:
        show_json(listed)
    return status


@command.command(
    "schema",
    cls=Command,
    short_help="Print the presets' JSON Schema.",
    examples=["presets schema mix > mix.schema.json", "presets schema session", "presets schema"],
)
@click.argument("kind", required=False, type=click.Choice(DOCUMENTS))
def schema_command(kind: str | None) -> None:
    """Print the JSON Schema of a KIND of preset, for editors that complete and check TOML.

    A session has one, too.

    Without KIND, those of all kinds: one schema that a preset of any kind satisfies.
    """
    from mixmaster.cli.output import show_json
    from mixmaster.documents.schema import schema

    if kind is not None:
        show_json(schema(model_of(kind)))
        return
    # An $id of its own lets each schema's references mean its own definitions.
    every = [{"$id": f"urn:mixmaster:preset:{each}", **schema(model_of(each))} for each in KINDS]
    show_json({"$schema": every[0]["$schema"], "oneOf": every})


@command.command(
    "keys",
    cls=Command,
    short_help="List what a kind of document takes.",
    examples=["presets keys session", "presets keys target --json", "presets keys --markdown"],
)
@click.argument("kind", required=False, type=click.Choice(DOCUMENTS))
@click.option("--markdown", is_flag=True, help="Print the reference, for reading elsewhere.")
@json_option
def keys_command(kind: str | None, markdown: bool, as_json: bool) -> None:
    """List every key that a KIND of document takes: range, default, what it is.

    Without KIND, those of all kinds. What inserts take is told by mixmaster effects.
    """
    from mixmaster.cli.keys import parameters_table
    from mixmaster.cli.output import echo, show, show_json
    from mixmaster.documents.reference import described, markdown_table

    kinds = DOCUMENTS if kind is None else (kind,)
    rows = {each: list(described(model_of(each))) for each in kinds}
    if markdown:
        parts = [_KEYS_HEAD] if kind is None else []
        parts += [f"## {each}\n\n{markdown_table(rows[each])}" for each in kinds]
        echo("\n".join(parts), nl=False)
    elif as_json:
        listed = [
            {"schema": "mixmaster/document/1", "kind": each, "keys": [row.to_json() for row in own]}
            for each, own in rows.items()
        ]
        show_json(listed)
    else:
        show(*(parameters_table(f"Keys of a {each}", own) for each, own in rows.items()))


_KEYS_HEAD = """# Documents and their keys

Made by `mixmaster presets keys --markdown` from what the program itself reads: do not edit it here.
`list[].key` is a key of each table in a list, `names.<name>.key` of each table under a name of
yours; ◆ can be automated. What an `insert` takes stands in [effects.md](effects.md).
"""


def _check(kind: str, path: Path) -> None:
    """Raise for a document that is not right, or that names files which are not there."""
    from mixmaster.documents.loading import load
    from mixmaster.engine.resources import check_files

    if kind == "release":
        from mixmaster.release.plan import ReleaseOptions, plan_release

        plan_release(path, ReleaseOptions())
        return
    if kind != "session":
        check_files(load(model_of(kind), path), str(path))
        return
    from mixmaster.mixing.sessions.plan import open_song
    from mixmaster.mixing.sessions.stems import changes

    song = open_song(path)
    changes(song.session, song.stems, strict=False, threads=1)
    check_files(song.preset, str(path))


def _as_file(name: str) -> Path | None:
    """Return a path that is meant as a file whatever its suffix; None for a preset's name."""
    path = Path(name)
    return path if path.suffix == ".toml" or path.is_file() or len(path.parts) > 2 else None


def _kind_of(path: Path) -> str:
    """Return what a document says that it is; a mix where it says nothing, for the error."""
    from mixmaster.documents.addresses import did_you_mean
    from mixmaster.documents.loading import read_table
    from mixmaster.errors import DocumentError, Problem
    from mixmaster.mixing.sessions.session import Session

    kind = read_table(path, max_bytes=Session.max_bytes).get("kind", "mix")
    if kind in DOCUMENTS:
        return str(kind)
    hint = did_you_mean(str(kind), DOCUMENTS)
    raise DocumentError(str(path), (Problem("kind", f"'{kind}' is no kind of preset", hint),))
