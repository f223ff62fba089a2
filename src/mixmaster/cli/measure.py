"""``mixmaster measure``: loudness and peaks of files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mixmaster.cli.commands import Command
from mixmaster.cli.options import isolate_option, json_option, strict_option, threads_option

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mixmaster.cli.output import Progress
    from mixmaster.cli.tables import Table
    from mixmaster.errors import MixmasterError
    from mixmaster.metering.programme import ProgrammeFigures
    from mixmaster.metering.survey import Survey

SCHEMA = "mixmaster/measure/1"

_HEADINGS = {
    "integrated_lufs": "LUFS",
    "loudness_range_lu": "LRA",
    "max_momentary_lufs": "max M",
    "max_short_term_lufs": "max S",
    "true_peak_dbtp": "dBTP",
    "sample_peak_dbfs": "peak",
}
"""What a figure is called in tables and notes."""


def figures_table(title: str, rows: Sequence[tuple[str, ProgrammeFigures]]) -> Table:
    """Return the figures of signals, one a line."""
    from mixmaster.cli.output import figure, table

    cells = [
        (
            name,
            figure(found.integrated_lufs, 2),
            figure(found.loudness_range_lu),
            figure(found.max_momentary_lufs),
            figure(found.max_short_term_lufs),
            figure(found.true_peak_dbtp, 2),
            figure(found.sample_peak_dbfs, 2),
            f"{found.duration_s:.2f}",
            f"{found.sample_rate_hz}",
            f"{found.channels}",
        )
        for name, found in rows
    ]
    columns = (
        "file",
        ">LUFS",
        ">LRA LU",
        ">max M",
        ">max S",
        ">dBTP",
        ">peak dBFS",
        ">s",
        ">Hz",
        ">ch",
    )
    return table(title, columns, cells)


def reasons_text(figures: ProgrammeFigures) -> str:
    """Return why figures are missing, those of one reason together; empty when none is."""
    by_reason: dict[str, list[str]] = {}
    for key, heading in _HEADINGS.items():
        if key in figures.reasons:
            by_reason.setdefault(figures.reasons[key], []).append(heading)
    return "; ".join(f"no {', '.join(names)}: {reason}" for reason, names in by_reason.items())


@click.command(
    "measure",
    cls=Command,
    short_help="Measure loudness and peaks of files, or all there is.",
    examples=[
        "measure mix.wav masters/*.flac",
        "measure mix.wav --all",
        "measure masters/ --json | jq '.[].integrated_lufs'",
        "measure masters/ --all --csv > figures.csv",
        "measure voice.wav --dual-mono",
    ],
)
@click.argument("files", nargs=-1, required=True, type=click.Path())
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Every meter: levels and DR, stereo field, spectrum, clipping, overs, dropouts, past.",
)
@click.option(
    "--dual-mono",
    is_flag=True,
    help="Measure mono files as they sound from two loudspeakers: 3.01 LU more.",
)
@strict_option
@threads_option
@isolate_option
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print a row of figures for each file.")
def command(
    files: tuple[str, ...],
    everything: bool,
    dual_mono: bool,
    strict: bool,
    threads: int | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Measure loudness and peaks of FILES: files, folders or globs.

    Integrated loudness in LUFS and true peak in dBTP to ITU-R BS.1770-5, loudness range,
    momentary and short-term maxima to EBU Tech 3341 and 3342; with --all every meter there is. A
    file that cannot be measured is named, and the others go on: exit status 1, or 2 when none
    could be measured.
    """
    from mixmaster.cli.measure_tables import show_csv
    from mixmaster.cli.output import failure, note, progress, show_json, warning
    from mixmaster.engine.threads import default_threads
    from mixmaster.errors import MixmasterError, UsageError

    if as_json and as_csv:
        raise UsageError("--csv", "contradicts --json", "give one or the other")
    paths, notes, failed = found_files(files)
    listed: list[dict[str, Any]] = [{"schema": SCHEMA, **error.to_json()} for error in failed]
    rows: list[tuple[str, ProgrammeFigures]] = []
    surveys: list[tuple[str, Survey]] = []
    said: list[str] = []
    with progress() as tell:
        for path in paths:
            try:
                figures, survey, remarks = _measured(
                    path,
                    everything,
                    dual_mono=dual_mono,
                    strict=strict,
                    threads=threads or default_threads(),
                    progress=_named(tell, path),
                )
            except MixmasterError as error:
                failed.append(error)
                listed.append({"schema": SCHEMA, "file": str(path), **error.to_json()})
                continue
            rows.append((str(path), figures))
            surveys += [] if survey is None else [(str(path), survey)]
            said += [f"{path}: {text}" for text in remarks]
            convention = "dual_mono" if dual_mono and figures.channels == 1 else "standard"
            listed.append(
                {
                    "schema": SCHEMA,
                    "file": str(path),
                    **figures.to_json(),
                    "convention": convention,
                    "notes": list(remarks),
                    **_parts(survey),
                }
            )
    for text in notes:
        note(text)
    for text in said:
        warning(text)
    if as_json:
        show_json(listed)
    elif as_csv:
        show_csv([entry for entry in listed if "error" not in entry])
    elif rows:
        _show_tables(rows, surveys)
    for wrong in failed:
        failure(str(wrong))
    if failed:
        return 1 if rows else 2
    return 0


def _measured(
    path: Path, everything: bool, **options: Any
) -> tuple[ProgrammeFigures, Survey | None, tuple[str, ...]]:
    """Return a file's figures, all others if they are wanted, and what there was to be said."""
    from mixmaster.engine.measuring import measure_file, survey_file

    if not everything:
        measured = measure_file(path, **options)
        return measured.figures, None, measured.notes
    surveyed = survey_file(path, **options)
    return surveyed.survey.programme, surveyed.survey, surveyed.notes


def _parts(survey: Survey | None) -> dict[str, Any]:
    """Return what a survey adds to a file's entry, by the names of its parts."""
    from mixmaster.cli.measure_tables import PARTS

    return {} if survey is None else {part: getattr(survey, part).to_json() for part in PARTS}


def _show_tables(
    rows: Sequence[tuple[str, ProgrammeFigures]], surveys: Sequence[tuple[str, Survey]]
) -> None:
    from mixmaster.cli.measure_tables import missing_text, survey_tables, unlisted_text
    from mixmaster.cli.output import note, show

    show(figures_table("", rows))
    for name, figures in rows:
        if figures.reasons:
            note(f"{name}: {reasons_text(figures)}")
    if surveys:
        show(*survey_tables(surveys))
    for name, survey in surveys:
        for text in (missing_text(survey), unlisted_text(survey)):
            if text:
                note(f"{name}: {text}")


def found_files(files: Sequence[str]) -> tuple[list[Path], list[str], list[MixmasterError]]:
    """Return the files, what was left out, and the arguments that stand for nothing."""
    from mixmaster.audio.discover import discover
    from mixmaster.errors import AudioFileError

    good, failed = [], []
    for argument in files:
        try:
            discover([argument])
        except AudioFileError as error:
            failed.append(error)
        else:
            good.append(argument)
    if not good:
        return [], [], [*failed]
    found = discover(good)
    return list(found.paths), list(found.notes), [*failed]


def _named(tell: Progress, path: Path) -> Callable[[float], None]:
    return lambda share: tell(f"measuring {path.name}", share)
