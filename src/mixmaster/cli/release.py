"""``mixmaster release``: an album in, a folder out that can be uploaded, pressed or sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mixmaster.cli.commands import Command, Group
from mixmaster.cli.options import (
    allow_plugins_option,
    complete_presets,
    isolate_option,
    json_option,
    no_cache_option,
    strict_option,
    threads_option,
)
from mixmaster.cli.release_tables import files_table, plan_tables, proof_table
from mixmaster.errors import UsageError

if TYPE_CHECKING:
    from mixmaster.release.proof.answers import Proof
    from mixmaster.release.run import ReleaseRun


class _Release(Group):
    """Takes what is no command for an album's document: ``release album.toml``."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve a command; ``build`` may be left out."""
        first = args[0] if args else ""
        if first.startswith("-") or first.lower().endswith(".toml"):
            args = ["build", *args]
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Let options before the document be those of ``build``."""
        if args and args[0].startswith("-") and args[0] not in {"-h", "--help"}:
            args = ["build", *args]
        return super().parse_args(ctx, args)


@click.group("release", cls=_Release, short_help="Build a release: every master, with proof.")
def command() -> None:
    """Build a release from its document, and check it again later.

    mixmaster release album.toml -o release/ builds; the word build may be left out.
    """


@command.command(
    "build",
    cls=Command,
    short_help="Build a release from its document.",
    examples=[
        "release build album.toml --dry-run",
        "release build album.toml -o release/",
        "release build album.toml -o release/ -t spotify -t cd",
        "release build album.toml -o release/ --cohere",
    ],
)
@click.argument("document", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The release's folder.")
@click.option(
    "-t",
    "--target",
    "targets",
    multiple=True,
    metavar="TARGET",
    shell_complete=complete_presets("target"),
    help="Where it goes, in place of the document's targets. May be repeated.",
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="PATH=VALUE",
    help="Change one value of the document: track.2.gap_s=0. May be repeated.",
)
@click.option(
    "--dry-run", is_flag=True, help="Show every file, its size, and what is missing; write nothing."
)
@click.option(
    "--draft",
    is_flag=True,
    help="Build although something is missing that a target needs: to listen, not to upload.",
)
@click.option(
    "--cohere",
    is_flag=True,
    help="Make the proposed corrections of tracks that stand out: 1.5 dB of gain and 1 dB of tilt "
    "at most.",
)
@click.option(
    "--refreeze",
    is_flag=True,
    help="Find the levels of a release that is there anew; without it they stay as released.",
)
@click.option(
    "--overwrite",
    is_flag=True,
    help="Replace files that were edited since they were released, or are not of the release.",
)
@allow_plugins_option
@no_cache_option
@strict_option
@threads_option
@isolate_option
@json_option
def build_command(
    document: Path,
    output: Path | None,
    targets: tuple[str, ...],
    overrides: tuple[str, ...],
    dry_run: bool,
    draft: bool,
    cohere: bool,
    refreeze: bool,
    overwrite: bool,
    strict: bool,
    threads: int | None,
    as_json: bool,
) -> int:
    """Build the release that DOCUMENT describes.

    Everything that is wrong with the document, its files and its targets is named before any work.
    Each track is mixed and runs through its chain once, for all targets; every finished file is
    opened again, decoded, measured, and its tags read back. The folder becomes the release at
    once, or stays as it was.
    """
    from mixmaster.cli.output import note, progress, show, show_json, warning
    from mixmaster.release.plan import ReleaseOptions, plan_release
    from mixmaster.release.run import build

    if output is None and not dry_run:
        raise UsageError("--output", "is missing", "name the release's folder: -o release/")
    options = ReleaseOptions(
        targets=targets,
        draft=draft,
        cohere=cohere,
        refreeze=refreeze,
        overwrite=overwrite,
        strict=strict,
        threads=threads,
    )
    plan = plan_release(document, options, overrides)
    for text in plan.checked.lacks:
        warning(text)
    for text in plan.warnings:
        note(text)
    if dry_run:
        if as_json:
            show_json({"schema": "mixmaster/release-plan/1", **plan.to_json()})
        else:
            show(*plan_tables(plan))
        return 0
    assert output is not None
    with progress() as tell:
        run = build(plan, output, tell)
    if as_json:
        show_json({"schema": "mixmaster/release-run/1", **run.to_json()})
    _report(run, as_json=as_json)
    return run.exit_code


def _report(run: ReleaseRun, *, as_json: bool) -> None:
    from mixmaster.cli.output import echo, failure, note, show, show_path

    for name, texts in run.notes.items():
        for text in texts:
            note(f"{name}: {text}" if name else text)
    for each in run.refused:
        failure(f"{each.target}: {each.track}: {each.reason}", "refused")
    if run.refused:
        note(f"nothing was released: {run.folder} is as it was")
    elif not as_json:
        show(files_table(run))
        stayed = len(run.proofs) - len(run.made)
        echo(f"{len(run.proofs)} files, all proven" + (f"; {stayed} stayed" if stayed else ""))
        show_path(run.folder)
        show_path(run.folder / "index.html")


@command.command(
    "check",
    cls=Command,
    short_help="Prove a release again, from its folder alone.",
    examples=["release check release/", "release check /media/usb/release --json"],
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--all", "show_all", is_flag=True, help="List every file, not only what is wrong.")
@threads_option
@isolate_option
@json_option
def check_command(folder: Path, show_all: bool, threads: int | None, as_json: bool) -> int:
    """Prove the release in FOLDER again: nothing else is needed.

    Every file is hashed, decoded and measured, its tags and cover read back; what is missing,
    swapped, cut short, edited, or does not belong there is named. Exit status 1 where anything
    is, or could not be looked at.
    """
    from mixmaster.cli.output import echo, failure, note, progress, show, show_json
    from mixmaster.release.proof.checking import check_release

    with progress() as tell:
        found = check_release(
            folder, threads=threads, progress=lambda done: tell("proving the files", done)
        )
    if as_json:
        show_json({"schema": "mixmaster/release-check/1", **found.to_json()})
    shown: list[Proof] = [p for p in found.files if show_all or p.state != "green"]
    if shown and not as_json:
        show(proof_table(shown))
    for fault in (*found.extra, *found.disc):
        failure(fault.text, "wrong")
    for proof in found.files:
        if proof.faults:
            failure(f"{proof.path}: {'; '.join(fault.text for fault in proof.faults)}", "wrong")
        elif proof.unchecked:
            failure(f"{proof.path}: {proof.words}", "not checked")
    for text in found.notes:
        note(text)
    if not as_json:
        counts = found.counts()
        said = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
        verdict = "as it was released" if found.passes else "not as it was released"
        if found.state == "unchecked":
            verdict = "not all of it could be looked at here"
        echo(f"{len(found.files)} files: {said}: {verdict}")
    return 0 if found.passes else 1


@command.command(
    "init",
    cls=Command,
    short_help="Write a document to begin with, from a folder.",
    examples=[
        "release init mixes/ -o album.toml",
        "release init approved/ --masters --artist 'The Seeds' -o album.toml",
    ],
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="The document."
)
@click.option("--title", help="The album's title; the folder's name if silent.")
@click.option("--artist", default="", help="Whose it is.")
@click.option("--masters", is_flag=True, help="The sound files are approved masters.")
@click.option("--overwrite", is_flag=True, help="Replace the document if there is one.")
def init_command(
    folder: Path,
    output: Path,
    title: str | None,
    artist: str,
    masters: bool,
    overwrite: bool,
) -> None:
    """Write a release document for the mixes, masters or sessions in FOLDER.

    In the order of their names, with titles from their names; what a release needs beside stands
    there to be filled in.
    """
    from mixmaster.cli.output import show_path
    from mixmaster.release.starting import starting_text, write_document

    text = starting_text(folder, output.parent, title=title, artist=artist, masters=masters)
    write_document(output, text, overwrite=overwrite)
    show_path(output)


@command.command(
    "signature",
    cls=Command,
    short_help="Save how a released album sounds, to match later.",
    examples=["release signature release/ -o ours.toml"],
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="The signature."
)
@click.option("-t", "--target", metavar="TARGET", help="Of whose masters; the best by default.")
@click.option("--overwrite", is_flag=True, help="Replace the signature if there is one.")
@threads_option
@isolate_option
def signature_command(
    folder: Path, output: Path, target: str | None, overwrite: bool, threads: int | None
) -> None:
    """Save the signature of the release in FOLDER: loudness, tone, low end and width of its tracks.

    A later album matches it by: [cohere] signature = "ours.toml".
    """
    from mixmaster.cli.output import show_path
    from mixmaster.release.levels.remembering import signature_of_release
    from mixmaster.release.levels.signature import save_signature

    signature = signature_of_release(folder, target=target, threads=threads)
    show_path(save_signature(signature, output, overwrite=overwrite))
