"""``mixmaster render``: stems in, finished masters out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mixmaster.cli.commands import Command
from mixmaster.cli.finishing import finishing_options
from mixmaster.cli.options import (
    allow_plugins_option,
    complete_presets,
    isolate_option,
    json_option,
    mix_options,
    overwrite_option,
    reference_option,
    require_inside,
    section_of,
    section_options,
    song_target_options,
    strict_option,
    threads_option,
)
from mixmaster.cli.prints import versions_options
from mixmaster.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mixmaster.engine.reference import Reference
    from mixmaster.mastering.given import Given
    from mixmaster.mastering.song import SongRun
    from mixmaster.mastering.versions import VersionsRun


@click.command(
    "render",
    cls=Command,
    short_help="Mix stems and master the mix, in one go.",
    examples=[
        "render stems/ -p rock-band -m transparent -t spotify -o out/",
        "render stems/ -p rock-band -m loud -t streaming -t cd -o out/ --section loudest:30s",
        "render stems/ -p voice -m voice -t podcast -o episode.wav",
        "render song.toml -o out/",
        "render song.toml --versions main,instrumental,a_cappella -t spotify -o out/",
    ],
)
@click.argument("stems", nargs=-1, required=True, type=click.Path())
@mix_options
@click.option(
    "-m",
    "--master",
    "mastering",
    metavar="PRESET",
    shell_complete=complete_presets("mastering"),
    help="Mastering preset: a name or a .toml file; a session may have its own.",
)
@click.option(
    "--set-master",
    "master_overrides",
    multiple=True,
    metavar="PATH=VALUE",
    help="Change one value of the mastering preset. May be repeated.",
)
@song_target_options
@finishing_options
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="A folder for {song}_{target} files; or, for one target, a file.",
)
@click.option("--song", help="The song's name in file names; the stems' folder's by default.")
@versions_options
@reference_option
@section_options
@allow_plugins_option
@strict_option
@threads_option
@isolate_option
@overwrite_option
@json_option
def command(
    stems: tuple[str, ...],
    preset: str | None,
    overrides: tuple[str, ...],
    tempo_bpm: float | None,
    sample_rate_hz: int | None,
    mastering: str | None,
    master_overrides: tuple[str, ...],
    targets: tuple[str, ...],
    loudness_lufs: float | None,
    ceiling_dbtp: float | None,
    output: Path,
    song: str | None,
    versions: tuple[str, ...],
    name_template: str | None,
    reference_mp3: bool,
    from_s: float | None,
    to_s: float | None,
    section: str | None,
    strict: bool,
    threads: int | None,
    overwrite: bool,
    as_json: bool,
    finishing: Mapping[str, Any],
) -> int:
    """Mix STEMS (a folder, files or globs), or a session, and master the mix, in one go.

    A session (song.toml, see init) may say how it is mastered and where it goes. The premaster in
    between is kept only for the target ``premaster``. Versions (--versions) are mixed in one run;
    each is then mastered by itself, to its target's loudness.
    """
    from mixmaster.cli.output import progress
    from mixmaster.cli.prints import Prints
    from mixmaster.cli.references import references, show_references
    from mixmaster.mastering.given import Given
    from mixmaster.mastering.run import MasterOptions
    from mixmaster.mastering.song import render_song
    from mixmaster.mastering.versions import render_versions

    given = Given(stems, preset, overrides, tempo_bpm)
    master_preset = given.master_preset(mastering, master_overrides)
    wanted = given.targets(targets)
    part = section_of(from_s, to_s, section)
    name = _song_name(song, given)
    prints = None
    if versions:
        prints = Prints(given, versions, name_template, output)
    elif name_template is not None:
        raise UsageError("--name-template", "it names versions", "add --versions main")
    run: SongRun | None = None
    every: VersionsRun | None = None
    encoded: tuple[Reference, ...] = ()
    with progress() as tell:
        plan = given.plan(
            sample_rate_hz=sample_rate_hz,
            strict=strict,
            threads=threads,
            progress=tell,
        )
        require_inside(part, plan.length_s)
        options = MasterOptions(
            overwrite=overwrite,
            loudness_lufs=loudness_lufs,
            ceiling_dbtp=ceiling_dbtp,
            section=part,
            threads=threads,
            **finishing,
        )
        if prints is not None:
            which = prints.wanted(plan, title=None if song is None else name)
            every = render_versions(
                plan, which, master_preset, wanted, output, options=options, progress=tell
            )
        else:
            run = render_song(
                plan, master_preset, wanted, output, options, song=name, progress=tell
            )
        if reference_mp3:
            songs = [each.masters for each in every.versions] if every is not None else []
            songs += [] if run is None else [run.masters]
            made = [each.file for song in songs for each in song.results if each.file is not None]
            encoded = references(made, overwrite=overwrite, progress=tell)
    show_references(encoded)
    if every is not None:
        _show_versions(every, as_json=as_json)
        return every.exit_code
    assert run is not None
    _show(run, as_json=as_json)
    return run.masters.exit_code


def _song_name(song: str | None, given: Given) -> str:
    """Return the song's name for file names: as given, the session's, or the stems' folder's.

    Raises:
        UsageError: For a name that cannot begin a file's.
    """
    if song is not None:
        if not song or song.startswith(".") or Path(song).name != song:
            hint = "a word without slashes, and without a dot in front"
            raise UsageError("--song", f"'{song}' cannot begin a file's name", hint)
        return song
    return given.file_name


def _show_versions(run: VersionsRun, *, as_json: bool) -> None:
    from mixmaster.cli.bridge import bridge_table, staging_table
    from mixmaster.cli.master import show_masters, show_refusals, show_warnings
    from mixmaster.cli.output import note, show, show_json, table, warning

    for text in run.notes:
        note(text)
    for text in run.warnings:
        warning(text)
    if as_json:
        show_json({"schema": "mixmaster/render-versions/1", **run.to_json()})
        for each in run.versions:
            show_warnings(each.masters)
            show_refusals(each.masters)
        return
    if run.staging:
        show(staging_table(run.staging))
    rows = [(each.name, each.words) for each in run.versions]
    show(bridge_table(run.bridge), table("Versions", ("name", "what it is"), rows))
    for each in run.versions:
        show_masters(each.masters, as_json=False)


def _show(run: SongRun, *, as_json: bool) -> None:
    from mixmaster.cli.bridge import bridge_table, staging_table
    from mixmaster.cli.master import show_masters, show_refusals, show_warnings
    from mixmaster.cli.output import note, show, show_json, warning

    for text in run.notes:
        note(text)
    for text in run.warnings:
        warning(text)
    if as_json:
        show_json({"schema": "mixmaster/render/1", **run.to_json()})
        show_warnings(run.masters)
        show_refusals(run.masters)
        return
    if run.staging:
        show(staging_table(run.staging))
    show(bridge_table(run.bridge))
    show_masters(run.masters, as_json=False)
