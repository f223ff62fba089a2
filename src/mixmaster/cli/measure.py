"""``mixmaster measure``: loudness and peaks of files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mixmaster.cli.commands import Command
from mixmaster.cli.options import json_option, strict_option, threads_option

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mixmaster.cli.output import Progress
    from mixmaster.cli.tables import Table
    from mixmaster.errors import MixmasterError
    from mixmaster.metering.programme import ProgrammeFigures

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
    short_help="Measure loudness and peaks of files.",
    examples=[
        "measure mix.wav masters/*.flac",
        "measure masters/ --json | jq '.[].integrated_lufs'",
        "measure voice.wav --dual-mono",
    ],
)
@click.argument("files", nargs=-1, required=True, type=click.Path())
@click.option(
    "--dual-mono",
    is_flag=True,
    help="Measure mono files as they sound from two loudspeakers: 3.01 LU more.",
)
@strict_option
@threads_option
@json_option
def command(
    files: tuple[str, ...], dual_mono: bool, strict: bool, threads: int | None, as_json: bool
) -> int:
    """Measure loudness and peaks of FILES: files, folders or globs.

    Integrated loudness in LUFS and true peak in dBTP to ITU-R BS.1770-5, loudness range,
    momentary and short-term maxima to EBU Tech 3341 and 3342. A file that cannot be measured is
    named, and the others go on: exit status 1, or 2 when none could be measured.
    """
    from mixmaster.cli.output import failure, note, progress, show, show_json, warning
    from mixmaster.engine.measuring import measure_file
    from mixmaster.engine.threads import default_threads
    from mixmaster.errors import MixmasterError

    paths, notes, failed = _found(files)
    listed: list[dict[str, Any]] = [{"schema": SCHEMA, **error.to_json()} for error in failed]
    rows: list[tuple[str, ProgrammeFigures]] = []
    said: list[str] = []
    with progress() as tell:
        for path in paths:
            try:
                measured = measure_file(
                    path,
                    dual_mono=dual_mono,
                    strict=strict,
                    threads=threads or default_threads(),
                    progress=_named(tell, path),
                )
            except MixmasterError as error:
                failed.append(error)
                listed.append({"schema": SCHEMA, "file": str(path), **error.to_json()})
                continue
            figures = measured.figures
            rows.append((str(path), figures))
            said += [f"{path}: {text}" for text in measured.notes]
            convention = "dual_mono" if dual_mono and figures.channels == 1 else "standard"
            listed.append(
                {
                    "schema": SCHEMA,
                    "file": str(path),
                    **figures.to_json(),
                    "convention": convention,
                    "notes": list(measured.notes),
                }
            )
    for text in notes:
        note(text)
    for text in said:
        warning(text)
    if as_json:
        show_json(listed)
    elif rows:
        show(figures_table("", rows))
        for name, figures in rows:
            if figures.reasons:
                note(f"{name}: {reasons_text(figures)}")
    for wrong in failed:
        failure(str(wrong))
    if failed:
        return 1 if rows else 2
    return 0


def _found(files: Sequence[str]) -> tuple[list[Path], list[str], list[MixmasterError]]:
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
