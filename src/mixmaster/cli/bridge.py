"""The tables of a mix: the dry run's routes, the staging, the meter bridge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mixmaster.cli.output import NONE, figure, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from mixmaster.engine.stats import BridgeRow
    from mixmaster.mixing.plan import MixPlan
    from mixmaster.mixing.staging import Staging

CENTRE = 0.005


def pan_text(pan: float) -> str:
    """Return a pan as engineers read it: ``C``, ``L60``, ``R100``."""
    if abs(pan) < CENTRE:
        return "C"
    return f"{'L' if pan < 0 else 'R'}{abs(pan) * 100:.0f}"


def plan_table(plan: MixPlan) -> Table:
    """Return each stem's route, gains and pan."""
    rows = []
    for place in plan.places:
        stem = plan.stems.get(place.id)
        kind = NONE if stem is None else ("stereo" if stem.channels == 2 else "mono")
        rows.append(
            (
                place.id,
                kind,
                figure(place.input_gain_db, sign=True),
                "mute" if place.fader_db is None else figure(place.fader_db, sign=True),
                pan_text(place.pan),
                " → ".join(place.route),
                ", ".join(place.sends) or NONE,
            )
        )
    title = f"{plan.preset.name}: {len(plan.places)} stems at {plan.sample_rate_hz} Hz"
    return table(
        title, ("stem", "kind", ">input dB", ">fader dB", ">pan", "route", "sends dB"), rows
    )


def staging_table(stagings: Sequence[Staging]) -> Table:
    """Return what gain staging did: before, gain, after."""
    rows = [
        (
            entry.strip,
            figure(entry.before_lufs),
            figure(entry.gain_db, sign=True),
            figure(entry.after_lufs),
            figure(entry.active_s),
            entry.note,
        )
        for entry in stagings
    ]
    columns = ("strip", ">before LUFS", ">gain dB", ">after LUFS", ">active s", "note")
    return table("Gain staging", columns, rows)


def bridge_table(rows: Sequence[BridgeRow], title: str = "Meter bridge") -> Table:
    """Return levels in and out of every strip and bus, and the reduction of its dynamics."""
    cells = []
    for row in rows:
        reductions = [
            f"{entry.id.rpartition('.')[2]} {figure(entry.mean_db)} / {figure(entry.max_db)}"
            for entry in row.reductions
        ]
        cells.append(
            (
                row.id,
                figure(row.in_lufs),
                figure(row.in_peak_dbfs),
                figure(row.out_lufs),
                figure(row.out_peak_dbfs),
                ", ".join(reductions) or NONE,
            )
        )
    columns = (
        "strip or bus",
        ">in LUFS",
        ">in peak dBFS",
        ">out LUFS",
        ">out peak dBFS",
        "reduction mean / max dB",
    )
    return table(title, columns, cells)
