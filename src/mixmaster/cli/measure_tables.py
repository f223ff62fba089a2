"""What ``measure --all`` and ``--csv`` print: every figure, in tables or as flat rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from mixmaster.cli.output import NONE, figure, table

if TYPE_CHECKING:
    from mixmaster.cli.tables import Table
    from mixmaster.metering.events import Event
    from mixmaster.metering.survey import Survey

PARTS: Final = ("levels", "events", "provenance", "spectrum", "stereo")
"""The parts of a survey that ``--all`` adds, by their keys in JSON."""

LISTED: Final = 20
"""So many events of a file stand in the table; JSON has them all."""


def survey_tables(rows: Sequence[tuple[str, Survey]]) -> list[Table]:
    """Return everything but the first table: levels, the past, the field, the events, spectra."""
    tables = [_levels(rows), _past(rows), _stereo(rows), _counts(rows)]
    happened = [_event(name, event) for name, survey in rows for event in _listed(survey)]
    if happened:
        columns = ("file", ">from s", ">to s", ">channel", "event")
        tables.append(table("What happens when", columns, happened))
    return [*tables, *(_spectrum(name, survey) for name, survey in rows)]


def unlisted_text(survey: Survey) -> str:
    """Return how many events the table leaves out; empty when none."""
    more = len(survey.events.events) - LISTED
    return f"{more} more events are in --json" if more > 0 else ""


def missing_text(survey: Survey) -> str:
    """Return why figures are missing that the tables show as dashes; empty when none is."""
    reasons = [
        f"no {name}: {reason}"
        for part in (survey.levels, survey.provenance, survey.stereo)
        for name, reason in part.reasons.items()
        if getattr(part, name, None) is None and name not in _QUIET
    ]
    return "; ".join(reasons)


_QUIET: Final = {"bandwidth_wall_db", "dr_exact"}  # said by the verdict, and by dr


def _levels(rows: Sequence[tuple[str, Survey]]) -> Table:
    columns = (
        "file",
        ">RMS dBFS",
        ">crest dB",
        ">PLR dB",
        ">PSR dB",
        ">DR",
        ">floor dBFS",
        ">DC %",
    )
    cells = []
    for name, survey in rows:
        found = survey.levels
        largest = max(found.dc_offset, key=abs, default=0.0)
        cells.append(
            (
                name,
                figure(found.rms_dbfs),
                figure(found.crest_db),
                figure(found.plr_db),
                figure(found.psr_db),
                NONE if found.dr is None else str(found.dr),
                figure(found.noise_floor_dbfs),
                figure(100.0 * largest, 3),
            )
        )
    return table("Levels", columns, cells)


def _past(rows: Sequence[tuple[str, Survey]]) -> Table:
    cells = []
    for name, survey in rows:
        found = survey.provenance
        bits = NONE if found.effective_bit_depth is None else str(found.effective_bit_depth)
        khz = NONE if found.bandwidth_hz is None else figure(found.bandwidth_hz / 1e3)
        verdict = found.bandwidth_verdict.replace("_", "-")
        cells.append((name, bits, khz, verdict, found.bandwidth_note))
    columns = ("file", ">bits", ">to kHz", "band", "why")
    return table("Where it comes from", columns, cells)


def _stereo(rows: Sequence[tuple[str, Survey]]) -> Table:
    cells = []
    for name, survey in rows:
        found = survey.stereo
        cells.append(
            (
                name,
                figure(found.correlation, 2),
                figure(found.width_db),
                figure(found.balance_db, sign=True),
                figure(found.mono_loss_db),
                figure(found.mono_loss_below_120_hz_db),
                figure(survey.spectrum.tilt_db_per_octave, sign=True),
            )
        )
    columns = (
        "file",
        ">corr.",
        ">width dB",
        ">L/R dB",
        ">mono loss dB",
        ">under 120 Hz",
        ">tilt dB/oct",
    )
    return table("Stereo field and tilt", columns, cells)


def _counts(rows: Sequence[tuple[str, Survey]]) -> Table:
    cells = []
    for name, survey in rows:
        found = survey.events
        cells.append(
            (
                name,
                str(found.clipped_runs),
                str(found.intersample_overs),
                str(found.dropouts),
                figure(found.silence_head_s, 3),
                figure(found.silence_tail_s, 3),
            )
        )
    columns = ("file", ">clipped runs", ">overs", ">dropouts", ">head s", ">tail s")
    return table("Events", columns, cells)


def _listed(survey: Survey) -> tuple[Event, ...]:
    return survey.events.events[:LISTED]


def _event(name: str, event: Event) -> tuple[str, ...]:
    channel = "all" if event.channel is None else str(event.channel + 1)
    return name, f"{event.start_s:.3f}", f"{event.stop_s:.3f}", channel, event.text


def _spectrum(name: str, survey: Survey) -> Table:
    found = survey.spectrum
    stereo = bool(found.third_octave_side_db)
    sides = found.third_octave_side_db or found.third_octave_mid_db
    bands = zip(found.third_octave_nominal_hz, found.third_octave_mid_db, sides, strict=True)
    cells = [
        (f"{hz:g}", figure(mid), *([figure(side)] if stereo else [])) for hz, mid, side in bands
    ]
    columns = (">Hz", ">mid dB", ">side dB") if stereo else (">Hz", ">dB")
    return table(f"Third octaves of {name}", columns, cells)


def show_csv(entries: Sequence[Mapping[str, Any]]) -> None:
    """Print measured files as CSV on stdout: UTF-8 whatever the locale, as JSON is."""
    click.echo(csv_text(entries).encode("utf-8", "backslashreplace"), nl=False)


def csv_text(entries: Sequence[Mapping[str, Any]]) -> str:
    """Return measured files as CSV (RFC 4180): a heading, and a row for each.

    A part's figures are called by their path in JSON, as ``levels.rms_dbfs``. Values of several
    channels stand in one cell, separated by semicolons; curves, events and words have no place.

    Args:
        entries: What ``--json`` prints of every file, ``file`` first.
    """
    rows = [dict(_flat(entry)) for entry in entries]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _flat(entry: Mapping[str, Any], path: str = "") -> list[tuple[str, Any]]:
    cells: list[tuple[str, Any]] = []
    for key, value in entry.items():
        if key in {"schema", "reasons", "notes"}:
            continue
        if isinstance(value, Mapping):
            cells += _flat(value, f"{path}{key}.")
        elif not isinstance(value, list | tuple):
            cells.append((path + key, value))
        elif key.startswith(_PER_CHANNEL):
            cells.append((path + key, ";".join("" if v is None else str(v) for v in value)))
    return cells


_PER_CHANNEL: Final = ("dc_offset", "sample_peak", "channel_rms")
