"""The tables of a mix: the dry run's routes, the staging, the meter bridge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mixmaster.cli.output import NONE, figure, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mixmaster.cli.tables import Table
    from mixmaster.engine.stats import BridgeRow, ReductionFigures
    from mixmaster.mastering.chain import StageFigures
    from mixmaster.mastering.correction import MatchFigures
    from mixmaster.mastering.results import MasterResult, MasterRun
    from mixmaster.mixing.aligning import Alignment
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
        heard = place.id in plan.stems
        stem = plan.stems[place.id] if heard else plan.unheard[place.id]
        fader = figure(place.fader_db, sign=True) if heard else "off"
        rows.append(
            (
                place.id,
                "stereo" if stem.channels == 2 else "mono",
                figure(place.input_gain_db, sign=True),
                "mute" if place.fader_db is None else fader,
                pan_text(place.pan),
                " → ".join(place.route),
                ", ".join(place.sends) or NONE,
            )
        )
    count = len(plan.places)
    stems = f"{count} stem{'s' if count != 1 else ''}"
    title = f"{plan.preset.name}: {stems}, {plan.length_s:.2f} s at {plan.sample_rate_hz} Hz"
    columns = ("stem", "kind", ">input dB", ">fader dB", ">pan", "route", "sends dB")
    return table(title, columns, rows)


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


def alignment_table(alignments: Sequence[Alignment], sample_rate_hz: int) -> Table:
    """Return what aligning did: the measured delay, and by how much each stem is moved."""
    rows = [
        (
            entry.id,
            entry.to or NONE,
            figure(entry.delay_ms, 2, sign=True) if entry.to else NONE,
            figure(1e3 * entry.moved_samples / sample_rate_hz, 2, sign=True),
            {True: "same", False: "opposite", None: NONE}[entry.same_polarity],
            figure(entry.peak, 2),
            entry.note,
        )
        for entry in alignments
    ]
    columns = ("stem", "to", ">measured ms", ">moved ms", "polarity", ">correlation", "note")
    return table("Alignment", columns, rows)


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


def chain_table(inserts: Sequence[ReductionFigures]) -> Table:
    """Return what the dynamics of a mastering chain did."""
    rows = [
        (entry.id, figure(entry.mean_db), figure(entry.p95_db), figure(entry.max_db))
        for entry in inserts
    ]
    columns = ("insert", ">mean dB", ">95 % dB", ">max dB")
    return table("Chain: gain reduction", columns, rows)


def match_table(found: MatchFigures) -> Table:
    """Return what a match stage did, band by band."""
    stereo = bool(found.side_db)
    sides: Sequence[float | None] = found.side_db if stereo else (None,) * len(found.hz)
    rows = [
        (
            f"{hz:g}",
            figure(before, 1, sign=True),
            figure(aim, 1, sign=True),
            figure(after, 1, sign=True),
            figure(mid, 1, sign=True),
            figure(side, 1, sign=True),
        )
        for hz, before, aim, after, mid, side in zip(
            found.hz,
            found.before_db,
            found.aim_db,
            found.after_db,
            found.mid_db,
            sides,
            strict=True,
        )
    ]
    away = f"{figure(found.distance_before_db)} to {figure(found.distance_after_db)} dB"
    title = f"{found.id} toward {found.profile}: from {away} away"
    columns = (">Hz", ">before dB", ">profile", ">after", ">mid moved", ">sides moved")
    return table(title, columns, rows)


def stages_table(stages: Sequence[StageFigures]) -> Table:
    """Return what each insert of a mastering chain did to the loudness."""
    rows = [
        (
            f"{entry.id} (bypassed)" if entry.bypassed else entry.id,
            figure(entry.before_lufs),
            figure(entry.after_lufs),
            figure(entry.change_lu, 2, sign=True),
            figure(entry.gain_match_db, 2, sign=True) if entry.gain_match_db else NONE,
        )
        for entry in stages
    ]
    columns = ("insert", ">before LUFS", ">after LUFS", ">change LU", ">gain match dB")
    return table("Chain: loudness", columns, rows)


def masters_table(run: MasterRun) -> Table:
    """Return each master before and after."""
    before = run.before
    rows = [
        (
            "before",
            NONE,
            figure(before.integrated_lufs, 2),
            figure(before.loudness_range_lu),
            figure(before.max_short_term_lufs),
            figure(before.true_peak_dbtp, 2),
            NONE,
            NONE,
        )
    ]
    for result in run.results:
        after = result.after
        limiter = result.limiter
        rows.append(
            (
                f"{result.target}: refused" if result.refused else result.target,
                _wanted(result),
                _loudness(result),
                figure(after.loudness_range_lu if after else None),
                figure(after.max_short_term_lufs if after else None),
                figure(after.true_peak_dbtp if after else None, 2),
                _ceiling(result),
                f"{figure(limiter.mean_db)} / {figure(limiter.max_db)}" if limiter else NONE,
            )
        )
    columns = (
        "target",
        ">wanted LUFS",
        ">LUFS",
        ">LRA LU",
        ">max S",
        ">dBTP",
        ">ceiling",
        ">limiter mean / max dB",
    )
    return table(f"Masters of {run.source.name}: {run.preset}", columns, rows)


def _ceiling(result: MasterResult) -> str:
    """Return the ceiling, and the one in front of the encoder where it made that a lower one."""
    text = figure(result.ceiling_dbtp, 1)
    return f"{text} ({figure(result.ceiling_in_front_dbtp, 2)})" if result.overs_db else text


def _wanted(result: MasterResult) -> str:
    """Return the loudness asked for; of the loudest 3 s with an S."""
    said = [] if result.wanted_lufs is None else [figure(result.wanted_lufs, 1)]
    if result.wanted_short_term_lufs is not None:
        said.append(f"S {figure(result.wanted_short_term_lufs, 1)}")
    return ", ".join(said) or NONE


def _loudness(result: MasterResult) -> str:
    """Return a master's loudness; where its dialogue was measured, that one."""
    if result.dialogue_lufs is not None:
        return f"{figure(result.dialogue_lufs, 2)} dialogue"
    return figure(result.after.integrated_lufs if result.after else None, 2)
