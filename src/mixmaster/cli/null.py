"""``mixmaster null``: what is left of one file when another is taken from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mixmaster.cli.commands import Command
from mixmaster.cli.options import Within, json_option, overwrite_option

if TYPE_CHECKING:
    from mixmaster.engine.nulling import Null

SCHEMA = "mixmaster/null/1"


@click.command(
    "null",
    cls=Command,
    short_help="Take one file from another, and tell what is left.",
    examples=[
        "null mix.wav mix-again.wav",
        "null old.wav new.wav --at-most -120",
        "null master-a.flac master-b.flac -o difference.wav",
    ],
)
@click.argument("first", type=click.Path(path_type=Path), metavar="A")
@click.argument("second", type=click.Path(path_type=Path), metavar="B")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE.wav",
    help="Write what is left, as 32-bit float WAV.",
)
@click.option(
    "--at-most",
    "at_most_db",
    type=Within(-400.0, 0.0),
    metavar="DB",
    help="Exit with 1 when more is left than this, against B: -120 is a null.",
)
@click.option("--no-align", is_flag=True, help="Compare the files as they lie in time.")
@click.option("--no-gain", is_flag=True, help="Compare the files at their own levels and polarity.")
@overwrite_option
@json_option
def command(
    first: Path,
    second: Path,
    output: Path | None,
    at_most_db: float | None,
    no_align: bool,
    no_gain: bool,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Take file A from file B: offset, gain, polarity, and what is left, by time and octave.

    B is moved in time by whole samples, and A brought to B's gain and polarity, so that what is
    left is what really differs. Files at different rates are compared at the higher one.
    """
    from mixmaster.cli.output import progress, show_json, show_path
    from mixmaster.engine.nulling import null
    from mixmaster.engine.outputs import refuse_inputs
    from mixmaster.engine.publish import check_target, put, staged
    from mixmaster.errors import UsageError

    def run(rest: Path | None) -> Null:
        with progress() as tell:
            return null(
                first,
                second,
                align=not no_align,
                match_gain=not no_gain,
                rest=rest,
                progress=lambda share: tell("comparing", share),
            )

    if output is None:
        result = run(None)
    else:
        if output.suffix.lower() != ".wav":
            raise UsageError(str(output), "what is left is written as WAV", "name it .wav")
        refuse_inputs(output, [first, second])
        check_target(output, overwrite=overwrite)
        with staged(output) as part:
            result = run(part)
            put(part, output)
    too_much = at_most_db is not None and result.null_db is not None and result.null_db > at_most_db
    if as_json:
        show_json({"schema": SCHEMA, **result.to_json(), "at_most_db": at_most_db})
    else:
        _show(result)
        if output is not None:
            show_path(output)
    return 1 if too_much else 0


def _show(result: Null) -> None:
    from mixmaster.cli.output import NONE, echo, figure, note, printable, show, table

    for text in result.notes:
        note(text)
    if result.identical:
        echo("every sample is equal")
        return
    place = f"B is {abs(result.offset_samples)} samples "
    place += "later" if result.offset_samples > 0 else "earlier"
    said = [
        place if result.offset_samples else "no offset",
        f"{result.gain_db:+.3f} dB" if result.gain_db else "equal gain",
        "polarity inverted" if result.polarity_inverted else "same polarity",
    ]
    if abs(result.fraction_samples) >= 0.05:
        said.append(f"{result.fraction_samples:+.2f} samples left")
    if result.drift_ppm is not None and abs(result.drift_ppm) >= 0.5:
        said.append(f"drift {result.drift_ppm:+.1f} ppm")
    echo(printable(", ".join(said)))
    if result.residual_dbfs is None:
        echo("nothing is left: the files null completely")
        return
    left = f"left: {figure(result.null_db, 1)} dB against B, "
    echo(
        left + f"{figure(result.residual_dbfs, 1)} dBFS RMS, "
        f"peak {figure(result.residual_peak_dbfs, 1)} dBFS"
    )
    echo()
    rows = [
        (
            f"{each.start_s:.0f} to {each.stop_s:.0f} s",
            figure(each.null_db, 1),
            figure(each.residual_dbfs, 1),
            NONE if each.gain_db is None else figure(each.gain_db, 3, sign=True),
        )
        for each in result.sections
    ]
    show(table("By time", ("section", ">against B dB", ">left dBFS", ">gain dB"), rows))
    rows_of_bands = [
        (f"{each.centre_hz:g} Hz", figure(each.null_db, 1), figure(each.residual_dbfs, 1))
        for each in result.bands
    ]
    show(table("By octave", ("octave", ">against B dB", ">left dBFS"), rows_of_bands))
