"""``mixmaster preview``: masters as they will be heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mixmaster.cli.commands import Command
from mixmaster.cli.options import (
    complete_presets,
    json_option,
    section_of,
    section_options,
    strict_option,
    threads_option,
)

if TYPE_CHECKING:
    from mixmaster.cli.tables import Table
    from mixmaster.preview.results import MasterPreview, Preview
    from mixmaster.preview.streams import Streamed

SCHEMA = "mixmaster/preview/1"


@click.command(
    "preview",
    cls=Command,
    short_help="Hear masters as places, codecs and loudspeakers will play them.",
    examples=[
        "preview master.wav",
        "preview album/*.flac -t spotify -t tidal",
        "preview master.wav --only codecs --section loudest:30s --fail-on-warnings",
    ],
)
@click.argument("masters", nargs=-1, required=True, type=click.Path())
@click.option(
    "-t",
    "--target",
    "targets",
    multiple=True,
    metavar="TARGET",
    shell_complete=complete_presets("target"),
    help="A place: a target's name or a .toml file. May be repeated; by default Spotify, Apple "
    "Music, YouTube, TIDAL, Amazon Music, Deezer and SoundCloud.",
)
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(["places", "codecs", "systems"]),
    help="Only this part of it. May be repeated.",
)
@section_options
@click.option(
    "--dual-mono",
    is_flag=True,
    help="Measure a mono master as it sounds from two loudspeakers: 3.01 LU more.",
)
@click.option(
    "--fail-on-warnings", is_flag=True, help="Exit status 1 when a codec goes over full scale."
)
@strict_option
@threads_option
@json_option
def command(
    masters: tuple[str, ...],
    targets: tuple[str, ...],
    only: tuple[str, ...],
    from_s: float | None,
    to_s: float | None,
    section: str | None,
    dual_mono: bool,
    fail_on_warnings: bool,
    strict: bool,
    threads: int | None,
    as_json: bool,
) -> int:
    """Show how MASTERS will be heard; several are an album, in the order given.

    At places: the gain that each gives the track and its album, and what its limiter does. Behind
    codecs: every stream of the places encoded and decoded, overs counted, and the highest ceiling
    found at which there are none.
    """
    from mixmaster.audio.discover import discover
    from mixmaster.cli.output import note, progress, show_json
    from mixmaster.mastering.run import load_target
    from mixmaster.preview.places import USUAL_PLACES
    from mixmaster.preview.run import PARTS, PreviewOptions, preview

    named = [load_target(name) for name in dict.fromkeys(targets or USUAL_PLACES)]
    found = discover(masters)
    options = PreviewOptions(
        parts=tuple(part for part in PARTS if part in only) or PARTS,
        section=section_of(from_s, to_s, section),
        dual_mono=dual_mono,
        strict=strict,
        threads=threads,
    )
    with progress() as tell:
        done = preview(found.paths, named, options, progress=tell)
    for text in found.notes:
        note(text)
    if as_json:
        show_json({"schema": SCHEMA, **done.to_json()})
    else:
        _show(done)
    return 1 if fail_on_warnings and not done.passes else 0


def _show(done: Preview) -> None:
    from mixmaster.cli.output import figure, note, show, warning

    for master in done.masters:
        for text in master.notes:
            note(f"{master.file.name}: {text}")
        if master.places:
            show(_places_table(master, album=done.album_lufs is not None))
        if master.streams:
            show(_streams_table(master))
        for text in dict.fromkeys(each.not_tried for each in master.streams if each.not_tried):
            note(text)
        if master.overs:
            names = ", ".join(each.encoding.name for each in master.overs)
            text = f"{master.file.name}: over full scale behind {names}"
            if master.ceiling is not None:
                text += (
                    f"; a ceiling of {figure(master.ceiling.ceiling_dbtp)} dBTP "
                    f"({figure(master.ceiling.gain_db, 2, sign=True)} dB) would avoid it: "
                    f"{figure(master.ceiling.decoded_dbtp, 2, sign=True)} dBTP then"
                )
            warning(text)


def _title(master: MasterPreview, what: str) -> str:
    from mixmaster.cli.output import figure

    part = ""
    if master.section is not None and what != "at places":
        start, stop = master.section
        part = f", {start:.1f} to {stop:.1f} s"
    return (
        f"{master.file.name} {what}{part} "
        f"({figure(master.integrated_lufs)} LUFS, {figure(master.true_peak_dbtp, 2)} dBTP)"
    )


def _places_table(master: MasterPreview, *, album: bool) -> Table:
    from mixmaster.cli.output import figure, table

    rows = []
    for played in master.places:
        gain = played.gain
        limited = "" if played.limited_db is None else figure(played.limited_db)
        clipped = str(played.clipped_samples) if played.clipped_samples else ""
        name = f"{gain.place}, {gain.setting}" if gain.setting else gain.place
        rows.append(
            (
                name,
                *((gain.mode,) if album else ()),
                figure(gain.gain_db, 2, sign=True),
                figure(played.integrated_lufs),
                figure(played.true_peak_dbtp, 2),
                limited,
                clipped,
                gain.what,
            )
        )
    columns = ["place", *(["by"] if album else []), ">gain dB", ">LUFS", ">dBTP"]
    columns += [">limited dB", ">clipped", "what"]
    return table(_title(master, "at places"), columns, rows)


def _streams_table(master: MasterPreview) -> Table:
    from mixmaster.cli.output import table

    rows = [_stream_row(each) for each in master.streams]
    columns = (
        "stream",
        ">dBTP",
        ">overshoot dB",
        ">overs",
        ">samples over",
        ">longest ms",
        ">LU change",
        ">ceiling dBTP",
        "at",
    )
    return table(_title(master, "behind codecs"), columns, rows)


def _stream_row(each: Streamed) -> tuple[str, ...]:
    from mixmaster.cli.output import figure

    overs, places = each.overs, ", ".join(each.encoding.places)
    if overs is None:
        return (each.encoding.name, *["not tried"], *[""] * 6, places)
    return (
        each.encoding.name,
        figure(overs.true_peak_dbtp, 2, sign=True),
        figure(each.overshoot_db, 2, sign=True),
        str(overs.passages),
        str(overs.samples),
        figure(overs.longest_ms, 2) if overs.samples else "",
        figure(each.loudness_change_lu, 2, sign=True),
        "" if each.estimated_ceiling_dbtp is None else figure(each.estimated_ceiling_dbtp, 2),
        places,
    )
