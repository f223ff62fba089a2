"""``mixmaster preview``: masters as they will be heard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mixmaster.cli.commands import Command
from mixmaster.cli.options import (
    complete_presets,
    isolate_option,
    json_option,
    overwrite_option,
    section_of,
    section_options,
    strict_option,
    threads_option,
)

if TYPE_CHECKING:
    from mixmaster.cli.tables import Table
    from mixmaster.preview.fixing import Fixed, How
    from mixmaster.preview.results import MasterPreview, Preview
    from mixmaster.preview.streams import Streamed

SCHEMA = "mixmaster/preview/1"


@click.command(
    "preview",
    cls=Command,
    short_help="Hear masters as places, codecs and loudspeakers will play them.",
    examples=[
        "preview master.wav",
        "preview master.wav -o heard/ --section loudest:30s",
        "preview album/*.flac -t spotify -t tidal --only places",
        "preview master.wav --only systems --on phone --on club-sub -o heard/",
        "preview master.wav --only codecs --fix -o safe/ --fail-on-warnings",
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
@click.option(
    "--on",
    "systems",
    multiple=True,
    metavar="SYSTEM",
    shell_complete=complete_presets("system"),
    help="A playback system: a name (phone, car) or a .toml file. May be repeated; all by default.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Write all of it as files to listen to, 24-bit FLAC; without it there are tables alone.",
)
@click.option(
    "--fix",
    is_flag=True,
    help="Write a copy of a master that codecs bring over full scale, turned down as far as it "
    "takes.",
)
@click.option(
    "--limit",
    is_flag=True,
    help="With --fix: limit it instead, which keeps its loudness. A finished master is never "
    "limited again unless told so.",
)
@section_options
@click.option(
    "--dual-mono",
    is_flag=True,
    help="Measure a mono master as it sounds from two loudspeakers: 3.01 LU more.",
)
@click.option(
    "--fail-on-warnings",
    is_flag=True,
    help="Exit status 1 when a codec goes over full scale and --fix was not asked for.",
)
@strict_option
@threads_option
@isolate_option
@overwrite_option
@json_option
def command(
    masters: tuple[str, ...],
    targets: tuple[str, ...],
    only: tuple[str, ...],
    systems: tuple[str, ...],
    output: Path | None,
    fix: bool,
    limit: bool,
    from_s: float | None,
    to_s: float | None,
    section: str | None,
    dual_mono: bool,
    fail_on_warnings: bool,
    strict: bool,
    threads: int | None,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Show how MASTERS will be heard; several are an album, in the order given.

    At places: the gain that each gives the track and its album, and what its limiter does. Behind
    codecs: every stream of the places encoded and decoded, overs counted, and the highest ceiling
    found at which there are none. On systems: mono, phone, laptop, earbuds, car, club subwoofer,
    and what of the master is lost there; docs/playback.md has their responses.

    Exit status 1 with --fail-on-warnings, when a codec goes over full scale and --fix has not
    mended it.
    """
    from mixmaster.audio.discover import discover
    from mixmaster.cli.output import note, progress, show_json
    from mixmaster.errors import UsageError
    from mixmaster.mastering.run import load_target
    from mixmaster.preview.places import USUAL_PLACES
    from mixmaster.preview.run import PARTS, PreviewOptions, preview
    from mixmaster.preview.systems import load_system

    if limit and not fix:
        raise UsageError("--limit", "says how to fix", "give --fix with it")
    how: How = "limiter" if limit else "gain"
    chosen = tuple(load_system(name) for name in dict.fromkeys(systems)) or None
    named = [load_target(name) for name in dict.fromkeys(targets or USUAL_PLACES)]
    found = discover(masters)
    options = PreviewOptions(
        parts=tuple(part for part in PARTS if part in only) or PARTS,
        section=section_of(from_s, to_s, section),
        dual_mono=dual_mono,
        strict=strict,
        threads=threads,
        systems=chosen,
        output=output,
        fix=how if fix else None,
        overwrite=overwrite,
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
    from mixmaster.cli.output import note, show, show_path, warning

    for master in done.masters:
        for text in master.notes:
            note(f"{master.file.name}: {text}")
        if master.places:
            show(_places_table(master, album=done.album_lufs is not None))
        if master.streams:
            show(_streams_table(master))
        for text in dict.fromkeys(each.not_tried for each in master.streams if each.not_tried):
            note(text)
        if master.systems:
            show(_systems_table(master))
        if master.overs:
            warning(_overs_text(master))
        if master.fixed is not None:
            note(_fixed_text(master.fixed))
        for path in (*master.written, *((master.fixed.file,) if master.fixed else ())):
            show_path(path)


def _overs_text(master: MasterPreview) -> str:
    from mixmaster.cli.output import figure

    names = ", ".join(each.encoding.name for each in master.overs)
    text = f"{master.file.name}: over full scale behind {names}"
    ceiling = master.ceiling
    if ceiling is None:
        return text
    return (
        f"{text}; a ceiling of {figure(ceiling.ceiling_dbtp)} dBTP "
        f"({figure(ceiling.gain_db, 2, sign=True)} dB) avoids it: "
        f"{figure(ceiling.decoded_dbtp, 2, sign=True)} dBTP then"
    )


def _fixed_text(fixed: Fixed) -> str:
    from mixmaster.cli.output import figure

    how = f"turned down by {figure(-fixed.gain_db, 2)} dB"
    if fixed.max_reduction_db is not None:
        how = f"limited by up to {figure(fixed.max_reduction_db)} dB"
    tries = "" if fixed.tries == 1 else f", after {fixed.tries} tries"
    return (
        f"{fixed.file.name}: {how} to {figure(fixed.true_peak_dbtp, 2)} dBTP, "
        f"{figure(fixed.integrated_lufs, 2)} LUFS; behind codecs "
        f"{figure(fixed.decoded_dbtp, 2, sign=True)} dBTP at most{tries}"
    )


def _systems_table(master: MasterPreview) -> Table:
    from mixmaster.cli.output import figure, table
    from mixmaster.preview.systems import BANDS

    rows = [
        (
            each.system,
            figure(each.loudness_lu, sign=True),
            *(figure(band, sign=True) for band in each.bands_lu),
            figure(each.bass_db, sign=True),
            _percent(each.side_share),
            figure(each.loudest_lu, sign=True),
        )
        for each in master.systems
    ]
    before = _percent(master.systems[0].side_share_before)
    columns = (
        "on",
        ">LU",
        *(f">{name} LU" for name, _, _ in BANDS),
        ">below 120 Hz dB",
        f">side (of {before})",
        ">climax LU",
    )
    return table(_title(master, "on systems"), columns, rows)


def _percent(share: float | None) -> str:
    from mixmaster.cli.output import NONE

    return NONE if share is None else f"{100.0 * share:.0f} %"


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
