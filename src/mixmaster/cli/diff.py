"""``mixmaster diff``: two sessions or presets told apart in words and dB."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mixmaster.cli.commands import Command
from mixmaster.cli.options import json_option
from mixmaster.errors import DocumentError, Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mixmaster.documents.differences import Difference
    from mixmaster.mixing.preset import MixPreset
    from mixmaster.mixing.session import Session

SCHEMA = "mixmaster/diff/1"
KINDS = ("session", "mix", "mastering", "target")


def _complete(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    from mixmaster.documents.finding import list_presets

    del context, parameter
    return [preset.name for preset in list_presets() if preset.name.startswith(typed)]


@click.command(
    "diff",
    cls=Command,
    short_help="Tell two sessions or presets apart, in words and dB.",
    examples=[
        "diff song.toml song-2.toml",
        "diff rock-band song.toml",
        "diff mastering/loud mastering/warm --json",
        "diff ./mine.toml rock-band",
    ],
)
@click.argument("first", metavar="A", shell_complete=_complete)
@click.argument("second", metavar="B", shell_complete=_complete)
@json_option
def command(first: str, second: str, as_json: bool) -> int:
    """Tell A and B apart: two sessions, or two presets of one kind; files, or presets' names.

    Strips, buses, inserts, sends and stems are compared with those of the same id; automation by
    its points' times. Sessions are compared by what they come to: presets with all that the
    session lays over them. A session and a mix preset: what the session makes of it. A value that
    is written out and one that is silent are the same where it is the default.

    Exit status 0 when they are the same, 1 when they differ, 2 when one cannot be read.
    """
    from mixmaster.cli.output import show_json

    one, two = _find(first), _find(second)
    kind, found = _compared(one, two)
    if as_json:
        show_json(
            {
                "schema": SCHEMA,
                "kind": kind,
                "a": str(one),
                "b": str(two),
                "same": not found,
                "differences": [{**each.to_json(), "text": str(each)} for each in found],
            }
        )
    else:
        _show(first, second, found)
    return 1 if found else 0


def _find(name: str) -> Path:
    from mixmaster.documents.finding import find_preset

    path = Path(name)
    return path if path.suffix.lower() == ".toml" else find_preset(None, name)


def _kind_of(path: Path) -> str:
    from mixmaster.documents.addresses import did_you_mean
    from mixmaster.documents.loading import read_table
    from mixmaster.mixing.session import Session

    kind = read_table(path, max_bytes=Session.max_bytes).get("kind")
    if kind in KINDS:
        return str(kind)
    reason = "is missing" if kind is None else f"'{kind}' is no kind that can be told apart"
    hint = did_you_mean(str(kind), KINDS)
    raise DocumentError(str(path), (Problem("kind", reason, hint),))


def _compared(one: Path, two: Path) -> tuple[str, Sequence[Difference]]:
    """Return the kind of two documents, and their differences.

    Raises:
        UsageError: For documents of kinds that have nothing in common.
    """
    from mixmaster.cli.presets import model_of
    from mixmaster.documents.differences import differences
    from mixmaster.documents.loading import load
    from mixmaster.mixing.apart import preset_differences, session_differences

    kinds = (_kind_of(one), _kind_of(two))
    if kinds == ("session", "session"):
        return "session", session_differences(_session(one), _session(two))
    if set(kinds) <= {"session", "mix"}:
        presets = [_mix(path, kind) for path, kind in zip((one, two), kinds, strict=True)]
        return "mix", preset_differences(presets[0], presets[1])
    if kinds[0] != kinds[1]:
        reason = f"a {kinds[0]} and a {kinds[1]} document have nothing in common"
        raise UsageError("", reason, "name two sessions, or two presets of one kind")
    model = model_of(kinds[0])
    return kinds[0], differences(load(model, one), load(model, two))


def _session(path: Path) -> tuple[Session, MixPreset]:
    from mixmaster.mixing.session_plan import resolve_session

    return resolve_session(path)


def _mix(path: Path, kind: str) -> MixPreset:
    from mixmaster.documents.loading import load
    from mixmaster.mixing.preset import MixPreset

    return _session(path)[1] if kind == "session" else load(MixPreset, path)


def _show(first: str, second: str, found: Sequence[Difference]) -> None:
    from mixmaster.cli.output import echo, printable, show, table

    if not found:
        echo(printable(f"{first} and {second} are the same"))
        return
    rows = [
        (
            each.where,
            each.what or each.kind,
            each.before,
            each.after if each.kind != "added" or not each.what else f"+ {each.after}",
            each.change or ("" if each.kind == "changed" else each.kind),
        )
        for each in found
    ]
    show(table("", ("where", "what", "A", "B", "change"), rows))
    count = len(found)
    echo(printable(f"{count} difference{'' if count == 1 else 's'}: A is {first}, B is {second}"))
