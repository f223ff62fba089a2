"""``mixmaster diff``: two sessions or presets told apart in words and dB."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mixmaster.cli.commands import Command
from mixmaster.cli.options import allow_plugins_option, isolate_option, json_option, threads_option
from mixmaster.errors import DocumentError, Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mixmaster.documents.differences import Difference
    from mixmaster.mixing.preset import MixPreset
    from mixmaster.mixing.recall.proving import Proof
    from mixmaster.mixing.sessions.session import Session

SCHEMA = "mixmaster/diff/1"
AUDIO_SCHEMA = "mixmaster/diff-audio/1"
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
        "diff --audio mix-1.wav.json mix-2.wav.json",
        "diff --audio mix-1.wav.json mix-2.wav.json --expect strip.lead_vocal",
    ],
)
@click.argument("first", metavar="A", shell_complete=_complete)
@click.argument("second", metavar="B", shell_complete=_complete)
@click.option(
    "--audio",
    is_flag=True,
    help="A and B are manifests of mixes: render both, strip by strip, and tell which changed.",
)
@click.option(
    "--expect",
    multiple=True,
    metavar="ID",
    help="With --audio: what may change, such as strip.lead_vocal or bus.drums; repeatable. "
    "Without, whatever has a changed setting.",
)
@click.option(
    "--stems",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="With --audio: where the stems may lie, besides near the manifests; repeatable.",
)
@allow_plugins_option
@threads_option
@isolate_option
@json_option
def command(
    first: str,
    second: str,
    audio: bool,
    expect: tuple[str, ...],
    folders: tuple[Path, ...],
    threads: int | None,
    as_json: bool,
) -> int:
    """Tell A and B apart: two sessions, or two presets of one kind; files, or presets' names.

    Strips, buses, inserts, sends and stems are compared with those of the same id; automation by
    its points' times. Sessions are compared by what they come to: presets with all that the
    session lays over them. A session and a mix preset: what the session makes of it. A value that
    is written out and one that is silent are the same where it is the default.

    Exit status 0 when they are the same, 1 when they differ, 2 when one cannot be read.

    With --audio, A and B are manifests (mix.wav.json). Settings are told apart, and then each
    strip's share of both mixes is rendered and compared, the dynamics of buses and mix frozen as
    they were in A: a strip nulls, or is told with when and by how much. Exit status 0 when nothing
    changed but what was meant to, 1 when something did.
    """
    from mixmaster.cli.output import show_json

    if audio:
        return _audio(first, second, expect, folders, threads, as_json=as_json)
    if expect or folders:
        raise UsageError("--expect" if expect else "--stems", "it goes with --audio", "add --audio")
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


def _audio(
    first: str,
    second: str,
    expect: tuple[str, ...],
    folders: tuple[Path, ...],
    threads: int | None,
    *,
    as_json: bool,
) -> int:
    from mixmaster.cli.output import progress, show_json
    from mixmaster.engine.recorded import read_manifest
    from mixmaster.mixing.recall.proving import prove
    from mixmaster.mixing.recall.recall import plan_again

    manifests = [read_manifest(Path(name)) for name in (first, second)]
    with progress() as tell:
        old, new = (
            (each, plan_again(each, folders=folders, threads=threads, progress=tell))
            for each in manifests
        )
        proof = prove(old, new, expect=expect, progress=tell)
    if as_json:
        show_json(
            {"schema": AUDIO_SCHEMA, "a": first, "b": second, "holds": proof.holds}
            | proof.to_json()
        )
    else:
        _show(first, second, proof.differences)
        _show_strips(proof)
    return 0 if proof.holds else 1


def _show_strips(proof: Proof) -> None:
    from mixmaster.cli.output import NONE, echo, figure, show, table, warning

    echo()
    rows = [
        (
            each.id,
            "nulls" if each.nulls else "changed" if each.asked else "changed, not asked for",
            NONE if each.start_s is None else f"{each.start_s:.1f} to {each.stop_s:.1f} s",
            NONE if each.level_db is None else figure(each.level_db, 2, sign=True),
            NONE if each.residual_dbfs is None else figure(each.residual_dbfs, 1),
        )
        for each in proof.strips
    ]
    show(table("Strips", ("strip", "audio", "when", ">level dB", ">left dBFS"), rows))
    if not proof.holds:
        warning("something changed that nobody asked for")


def _find(name: str) -> Path:
    from mixmaster.documents.finding import find_preset

    path = Path(name)
    return path if path.suffix.lower() == ".toml" else find_preset(None, name)


def _kind_of(path: Path) -> str:
    from mixmaster.documents.addresses import did_you_mean
    from mixmaster.documents.loading import read_table
    from mixmaster.mixing.sessions.session import Session

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
    from mixmaster.mixing.recall.apart import preset_differences, session_differences

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
    from mixmaster.mixing.sessions.plan import resolve_session

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
