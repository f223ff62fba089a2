"""``mixmaster measure``: loudness and peaks of files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mixmaster.cli.options import json_option, strict_option, threads_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from mixmaster.metering.programme import ProgrammeFigures

SCHEMA = "mixmaster/measure/1"


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


@click.command("measure")
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
    r"""Measure loudness and peaks of FILES (files, folders or globs).

    Integrated loudness in LUFS and true peak in dBTP to ITU-R BS.1770-5, loudness range,
    momentary and short-term maxima to EBU Tech 3341 and 3342.

    \b
    mixmaster measure mix.wav masters/*.flac
    mixmaster measure mix.wav --json
    """
    from mixmaster.audio.discover import discover
    from mixmaster.cli.output import console, note, progress
    from mixmaster.engine.measuring import measure_file
    from mixmaster.engine.threads import default_threads
    from mixmaster.errors import MixmasterError
    from mixmaster.results import to_json_text

    found = discover(files)
    for text in found.notes:
        note(text)
    rows: list[tuple[str, ProgrammeFigures]] = []
    listed: list[dict[str, Any]] = []
    failed: list[MixmasterError] = []
    with progress() as tell:
        for path in found.paths:
            try:
                measured = measure_file(
                    path,
                    dual_mono=dual_mono,
                    strict=strict,
                    threads=threads or default_threads(),
                    progress=lambda share, name=path.name: tell(f"measuring {name}", share),  # type: ignore[misc]
                )
            except MixmasterError as error:
                failed.append(error)
                listed.append({"schema": SCHEMA, "file": str(path), **error.to_json()})
                continue
            rows.append((str(path), measured.figures))
            convention = "dual_mono" if dual_mono and measured.figures.channels == 1 else "standard"
            listed.append(
                {
                    "schema": SCHEMA,
                    "file": str(path),
                    **measured.figures.to_json(),
                    "convention": convention,
                    "notes": list(measured.notes),
                }
            )
            for text in measured.notes:
                note(f"{path}: {text}")
    if as_json:
        click.echo(to_json_text(listed), nl=False)
    elif rows:
        console().print(figures_table("", rows))
        for name, figures in rows:
            for key, reason in figures.reasons.items():
                note(f"{name}: no {key}: {reason}")
    for failure in failed:
        click.echo(f"{click.style('error', fg='red', bold=True)}: {failure}", err=True)
    if failed and not rows:
        return 2
    return 1 if failed else 0
