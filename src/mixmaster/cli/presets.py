"""``mixmaster presets``: list, show, check, and their JSON Schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mixmaster.cli.options import json_option
from mixmaster.errors import UsageError

if TYPE_CHECKING:
    from mixmaster.documents.base import Document

KINDS = ("mix", "mastering", "target")


def model_of(kind: str) -> type[Document]:
    """Return the model of a kind of document."""
    if kind == "mix":
        from mixmaster.mixing.preset import MixPreset

        return MixPreset
    if kind == "mastering":
        from mixmaster.mastering.preset import MasteringPreset

        return MasteringPreset
    from mixmaster.mastering.target import Target

    return Target


@click.group("presets", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """List, show and check presets and targets."""


@command.command("list")
@click.argument("kind", required=False, type=click.Choice(KINDS))
@json_option
def list_command(kind: str | None, as_json: bool) -> None:
    """List presets: mix, mastering and target, those that ship and your own."""
    from mixmaster.cli.output import console, table
    from mixmaster.documents.finding import list_presets
    from mixmaster.documents.loading import read_table
    from mixmaster.errors import DocumentError
    from mixmaster.results import to_json_text

    rows, listed = [], []
    for preset in list_presets(kind):
        try:
            head = read_table(preset.path)
            title, about = str(head.get("name", "")), str(head.get("description", ""))
        except DocumentError as error:
            title, about = "", f"unreadable: {error}"
        rows.append((preset.kind, preset.name, title, about, preset.origin))
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
        click.echo(to_json_text(listed), nl=False)
        return
    columns = ("kind", "name", "title", "description", "origin")
    console().print(table("", columns, rows))


@command.command("show")
@click.argument("name")
def show_command(name: str) -> None:
    """Print the preset NAME as it is written, comments included.

    Two of one name are told apart by their folder: mastering/podcast, targets/podcast.
    """
    from mixmaster.documents.finding import find_preset
    from mixmaster.documents.loading import read_table

    path = find_preset(None, name)
    read_table(path)
    click.echo(f"# {path}", err=True)
    click.echo(path.read_text(encoding="utf-8-sig"), nl=False)


@command.command("check")
@click.argument("files", nargs=-1, required=True)
@json_option
def check_command(files: tuple[str, ...], as_json: bool) -> int:
    """Check preset FILES (paths or names): every mistake is named, with the nearest right key."""
    from mixmaster.documents.finding import find_preset
    from mixmaster.documents.loading import load, read_table
    from mixmaster.errors import DocumentError
    from mixmaster.results import to_json_text

    listed, status = [], 0
    for name in files:
        try:
            path = _as_file(name) or find_preset(None, name)
            kind = read_table(path).get("kind")
            load(model_of(kind if kind in KINDS else "mix"), path)
            listed.append({"file": str(path), "valid": True})
            if not as_json:
                click.echo(f"{path}: valid {kind} preset")
        except DocumentError as error:
            status = 1
            listed.append({"file": name, "valid": False, **error.to_json()})
            if not as_json:
                click.echo(str(error))
    if as_json:
        click.echo(to_json_text(listed), nl=False)
    return status


@command.command("schema")
@click.argument("kind", type=click.Choice(KINDS))
def schema_command(kind: str) -> None:
    """Print the JSON Schema of a KIND of preset, for editors that complete and check TOML."""
    from mixmaster.documents.schema import schema
    from mixmaster.results import to_json_text

    click.echo(to_json_text(schema(model_of(kind))), nl=False)


def _as_file(name: str) -> Path | None:
    """Return a path that is meant as a file whatever its suffix; None for a preset's name."""
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        return path
    if len(path.parts) > 2:
        raise UsageError(name, "no such file")
    return None
