"""``mixmaster profile``: target profiles from reference tracks, and how far files are from them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mixmaster.cli.commands import Command, Group
from mixmaster.cli.options import (
    complete_presets,
    isolate_option,
    json_option,
    overwrite_option,
    threads_option,
)

if TYPE_CHECKING:
    from mixmaster.cli.tables import Table
    from mixmaster.mastering.profile import Profile
    from mixmaster.mastering.profile_deltas import Deltas


@click.group("profile", cls=Group, short_help="Make target profiles of references, and compare.")
def command() -> None:
    """Target profiles: what the masters of a kind measure.

    A profile holds loudness, ceiling, tonal curve, width by band, low end and peak-to-loudness
    ratio. A match stage moves a master toward one: master --profile, or --reference for a file.
    """


@command.command(
    "build",
    cls=Command,
    short_help="Make a profile of one or more reference tracks.",
    examples=[
        "profile build reference.wav -o mine.toml",
        "profile build album/*.flac -o album.toml --name 'The album'",
    ],
)
@click.argument("references", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The profile, a .toml file; in ~/.config/mixmaster/presets/profiles it goes by name.",
)
@click.option("--name", metavar="TEXT", help="What people call it; the file's name by default.")
@click.option("--description", metavar="TEXT", default="", help="What it is for.")
@click.option("--source", metavar="TEXT", default="", help="Where the references come from.")
@threads_option
@isolate_option
@overwrite_option
@json_option
def build_command(
    references: tuple[Path, ...],
    output: Path,
    name: str | None,
    description: str,
    source: str,
    threads: int | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Make a profile of REFERENCES: files, folders or globs.

    Of each track the loudest third counts, all tracks alike; outliers among many are left out. The
    document tells how.
    """
    from mixmaster.cli.output import note, progress, show, show_json, show_path
    from mixmaster.mastering.profile_files import build_from_files

    with progress() as tell:
        built = build_from_files(
            references,
            output,
            name=name,
            description=description,
            source=source,
            threads=threads,
            overwrite=overwrite,
            progress=tell,
        )
    for text in built.notes:
        note(text)
    if as_json:
        said = built.profile.model_dump(mode="json", exclude_none=True)
        show_json({"schema": "mixmaster/profile/1", "file": str(built.file), "profile": said})
        return
    show(*profile_tables(built.profile))
    show_path(built.file)


@command.command(
    "show",
    cls=Command,
    short_help="Show a profile, or how far a file is from it.",
    examples=["profile show neutral", "profile show mine.toml --against master.wav"],
)
@click.argument("name", shell_complete=complete_presets("profile"))
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A mono or stereo file to be measured and compared.",
)
@threads_option
@isolate_option
@json_option
def show_command(name: str, against: Path | None, threads: int | None, as_json: bool) -> None:
    """Show the profile NAME (a name or a .toml file), and how far a file is from it.

    Curves are compared after being brought to one level: only their shape counts.
    """
    from mixmaster.cli.output import echo, note, progress, show, show_json
    from mixmaster.mastering.profile import load_profile

    named = load_profile(name)
    profile = named.profile
    said = {"schema": "mixmaster/profile/1", "profile": profile.model_dump(mode="json")}
    if against is None:
        if as_json:
            show_json(said)
            return
        show(*profile_tables(profile))
        for text in (profile.source, profile.method):
            if text:
                echo(text)
        return
    from mixmaster.engine.threads import default_threads
    from mixmaster.mastering.profile_building import measure_track
    from mixmaster.mastering.profile_deltas import deltas_of

    with progress() as tell:
        measured = measure_track(
            against,
            threads=threads or default_threads(),
            progress=lambda done: tell("measuring", done),
        )
    for text in measured.notes:
        note(text)
    deltas = deltas_of(profile, measured.figures)
    if as_json:
        show_json({**said, "against": measured.name, "deltas": deltas.to_json()})
    else:
        show(*deltas_tables(profile, deltas, measured.name))


def profile_tables(profile: Profile) -> tuple[Table, ...]:
    """Return a profile's figures as tables."""
    from mixmaster.cli.output import NONE, figure, table

    low = profile.low_end
    rows = [
        ("loudness, LUFS", figure(profile.integrated_lufs, 1)),
        ("true peak, dBTP", figure(profile.true_peak_dbtp, 1)),
        ("peak to loudness, dB", figure(profile.plr_db, 1)),
        (
            f"side below {low.below_hz:g} Hz, dB" if low else "side in the bass, dB",
            figure(low.side_db if low else None, 1),
        ),
        ("references", str(profile.references) if profile.references else NONE),
        ("checked", str(profile.checked) if profile.checked else NONE),
    ]
    tables = [table(profile.name, ("figure", ">is"), rows)]
    for title, bands in (("Tone", profile.tone), ("Width: side over mid", profile.width)):
        if bands is not None:
            lines = [
                (f"{hz:g}", figure(level, 1, sign=True), figure(tolerance, 1))
                for hz, level, tolerance in zip(
                    bands.hz, bands.level_db, bands.tolerance_db, strict=True
                )
            ]
            tables.append(table(title, (">Hz", ">dB", ">tolerance"), lines))
    return tuple(tables)


def deltas_tables(profile: Profile, deltas: Deltas, name: str) -> tuple[Table, ...]:
    """Return how far a file is from a profile as tables."""
    from mixmaster.cli.output import figure, table

    rows = [
        (row.name, figure(row.profile, 1), figure(row.file, 1), figure(row.delta, 1, sign=True))
        for row in deltas.figures
    ]
    columns = ("figure", ">profile", f">{name}", ">off by")
    tables = [table(f"{name} against {profile.name}", columns, rows)]
    for title, bands in (("Tone", deltas.tone), ("Width: side over mid", deltas.width)):
        if bands:
            lines = [
                (
                    f"{band.hz:g}",
                    figure(band.profile_db, 1, sign=True),
                    figure(band.file_db, 1, sign=True),
                    figure(band.delta_db, 1, sign=True),
                    figure(band.tolerance_db, 1),
                    {True: "", False: "outside", None: ""}[band.inside],
                )
                for band in bands
            ]
            heads = (">Hz", ">profile dB", ">file dB", ">off by dB", ">tolerance", "")
            tables.append(table(title, heads, lines))
    return tuple(tables)
