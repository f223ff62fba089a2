"""``mixmaster check``: yes or no, before mixing and before delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mixmaster.cli.commands import Command
from mixmaster.cli.options import complete_presets, isolate_option, json_option, threads_option

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mixmaster.audio.discover import Discovery
    from mixmaster.checking.findings import CheckReport
    from mixmaster.checking.limits import Limits

SCHEMA = "mixmaster/check/1"

_TOLD_TOGETHER = ("lossy_origin", "upsampled")
"""What usually concerns all files of a session; the table has one line for all, JSON one each."""


@click.command(
    "check",
    cls=Command,
    short_help="Say whether stems are fit to mix, or masters to deliver.",
    examples=[
        "check stems/",
        "check stems/ --fail-on-warnings --json",
        "check masters/*.wav -t spotify -t cd",
        "check song.toml",
    ],
)
@click.argument("files", nargs=-1, required=True, type=click.Path())
@click.option(
    "-t",
    "--target",
    "targets",
    multiple=True,
    metavar="TARGET",
    shell_complete=complete_presets("target"),
    help="Check masters against a target: its name or a .toml file. May be repeated.",
)
@click.option(
    "--tolerance",
    "tolerance_lu",
    type=click.FloatRange(0.0, 10.0),
    metavar="LU",
    help="How far from a target's loudness a master may be; the target's own by default.",
)
@click.option(
    "--codecs/--no-codecs",
    default=True,
    help="Whether masters are encoded to MP3, Ogg Vorbis and Opus to look for overs.",
)
@click.option("--fail-on-warnings", is_flag=True, help="Warnings say no, too.")
@threads_option
@isolate_option
@json_option
def command(
    files: tuple[str, ...],
    targets: tuple[str, ...],
    tolerance_lu: float | None,
    codecs: bool,
    fail_on_warnings: bool,
    threads: int | None,
    as_json: bool,
) -> int:
    """Check FILES: stems before mixing, or with -t masters against where they go.

    A session (song.toml) stands for its stems, and says what they are.

    Stems: rates, lengths and starts, duplicates, dead and equal channels, clipping, dropouts, DC,
    noise floor, mains hum, polarity and delay between related microphones, mono compatibility,
    NaN, files that were MP3 or of 16 bits once.

    Masters: loudness, true peak, file format, edges, mono, and overs behind lossy codecs.

    Every finding says how grave it is, where and how much, and what to do about it; a fix that
    is sure is shown ready to be pasted into the stem's strip. Exit status 1 when the answer is
    no: an error, with --fail-on-warnings a warning.
    """
    from mixmaster.audio.discover import discover
    from mixmaster.audio.lossy import CODECS
    from mixmaster.checking.masters import check_masters
    from mixmaster.checking.stems import check_stems
    from mixmaster.cli.output import note, progress, show_json
    from mixmaster.engine.threads import default_threads
    from mixmaster.mastering.given import is_session

    limits = [_limits(name, tolerance_lu) for name in targets]
    session = is_session(files) and not limits
    found, roles = _of_session(files[0]) if session else (discover(files), None)
    count = threads or default_threads()
    with progress() as tell:
        if limits:
            through = CODECS if codecs else ()
            report = check_masters(found.paths, limits, codecs=through, threads=count, tell=tell)
        else:
            known = _roles(found.paths) if roles is None else roles
            report = check_stems(found.paths, roles=known, threads=count, tell=tell)
    for text in found.notes:
        note(text)
    passes = report.passes(strict=fail_on_warnings)
    if as_json:
        verdict = {
            "schema": SCHEMA,
            "verdict": "yes" if passes else "no",
            "fail_on_warnings": fail_on_warnings,
        }
        show_json({**verdict, "targets": [*targets], **report.to_json()})
    else:
        _show(report, passes=passes, what="deliver" if limits else "mix")
    return 0 if passes else 1


def _limits(name: str, tolerance_lu: float | None) -> Limits:
    """Return a target's limits as plain values."""
    from mixmaster.audio.formats import LOSSY
    from mixmaster.checking.limits import Limits
    from mixmaster.cli.output import note
    from mixmaster.documents.finding import find_preset
    from mixmaster.documents.loading import load
    from mixmaster.mastering.target import Target

    path = find_preset("target", name)
    target = load(Target, path)
    rate = target.file.sample_rate_hz
    if target.dialogue is not None:
        note(f"{target.name} is measured on dialogue: the loudness is not checked here")
    loudest = [x for x in (target.max_short_term_lufs, target.short_term_lufs) if x is not None]
    return Limits(
        name=path.stem,
        integrated_lufs=None if target.dialogue is not None else target.integrated_lufs,
        tolerance_lu=target.tolerance_lu if tolerance_lu is None else tolerance_lu,
        true_peak_dbtp=target.true_peak_dbtp,
        louder_than_lufs=None if target.louder is None else target.louder.than_lufs,
        louder_true_peak_dbtp=None if target.louder is None else target.louder.true_peak_dbtp,
        max_short_term_lufs=min(loudest, default=None),
        max_loudness_range_lu=target.max_loudness_range_lu,
        container=target.file.format,
        bit_depth=None if target.file.format in LOSSY else target.file.depth,
        sample_rate_hz=None if rate == "source" else rate,
        plain_wav=target.file.plain_wav,
    )


def _of_session(name: str) -> tuple[Discovery, dict[Path, str]]:
    """Return a session's stems, and what they are: as it says, else by their names."""
    from pathlib import Path

    from mixmaster.audio.discover import Discovery
    from mixmaster.mixing.sessions.plan import open_song

    song = open_song(Path(name))
    paths = song.stems.paths
    said = {path: stem.role for path, stem in song.stems.known.items() if stem.role is not None}
    return Discovery(paths, song.stems.notes), {**_roles(paths), **said}


def _roles(paths: Sequence[Path]) -> dict[Path, str]:
    """Return what stems are, by their names; those whose names say nothing are left out."""
    from mixmaster.mixing.stem_names.names import Stem, assign
    from mixmaster.mixing.stem_names.roles import vocabulary

    patterns = {name: role.match for name, role in vocabulary().items()}
    assigned = assign([Stem(path) for path in paths], patterns)
    return {stem.path: instance.strip for instance in assigned.instances for stem in instance.stems}


def _show(report: CheckReport, *, passes: bool, what: str) -> None:
    from mixmaster.cli.output import show, table

    rows = []
    told: set[tuple[str, str]] = set()
    for finding in report.findings:
        kind = (finding.severity, finding.code)
        same = [each for each in report.findings if (each.severity, each.code) == kind]
        together = finding.code in _TOLD_TOGETHER and len(same) > 2
        if together and kind in told:
            continue
        told.add(kind)
        file, text = _short(finding.file), finding.text
        if together:
            file = f"{file} and {len(same) - 1} more"
            text = f"{text}; so do {', '.join(_short(each.file) for each in same[1:])}"
        rows.append((finding.severity, file, _clock(finding.time_s), text, finding.advice))
    if rows:
        show(table("", ("", "file", ">time", "finding", "what to do"), rows))
    fixes = [(_short(f.fix_file), f.fix) for f in report.findings if f.fix]
    if fixes:
        show(table("To paste into a strip of its own", ("stem", "key"), fixes))
    counts = ", ".join(
        f"{report.count(severity)} {severity}{'' if report.count(severity) == 1 else 's'}"
        for severity in ("error", "warning", "note")
    )
    files = f"{len(report.files)} file{'' if len(report.files) == 1 else 's'}"
    click.echo(f"{'yes' if passes else 'no'}: {files} to {what}; {counts}")


def _short(path: str) -> str:
    from pathlib import PurePath

    return PurePath(path).name


def _clock(time_s: float | None) -> str:
    if time_s is None:
        return ""
    minutes, seconds = divmod(time_s, 60.0)
    return f"{int(minutes)}:{seconds:06.3f}"
