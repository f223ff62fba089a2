"""Versions and stems on the command line: what is asked for, and the tables of what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from mixmaster.cli.options import chain
from mixmaster.errors import UsageError

if TYPE_CHECKING:
    from mixmaster.mastering.given import Given
    from mixmaster.mixing.plan import MixPlan
    from mixmaster.mixing.prints.files import PlannedFile
    from mixmaster.mixing.prints.printed import PrintRun, Residual, StemSum, StemsWanted, Wanted
    from mixmaster.mixing.prints.stem_groups import StemReturns

versions_options = chain(
    click.option(
        "--versions",
        "versions",
        multiple=True,
        metavar="NAMES",
        help="Versions, all in one run into the folder -o: main, instrumental, tv, a_cappella, "
        "lead_up, lead_down, no_limiter and those of preset and session, or all.",
    ),
    click.option(
        "--name-template",
        metavar="TEMPLATE",
        help="What their files are called: {artist}_{title}_{version}_{rate}k{bits}; also {song} "
        "and {preset}. The session's by default.",
    ),
)
"""Which versions, and what they are called."""

stems_options = chain(
    click.option(
        "--stems",
        "stems_too",
        is_flag=True,
        help="Print the mix's groups, too, into the folder stems in -o: they add up to the mix, "
        "its bus and mix dynamics included.",
    ),
    click.option(
        "--stem-returns",
        type=click.Choice(["with_groups", "own"]),
        help="Reverbs and echoes: in each group's stem (the default), or stems of their own.",
    ),
    click.option(
        "--stem-residual",
        type=click.Choice(["auto", "always", "never"]),
        help="A stem of what saturation and clipping on buses make of the sum alone: where there "
        "is any (the default), always or never.",
    ),
)


class Prints:
    """What is asked for of versions and stems; checked as far as can be before any work.

    Args:
        given: The stems and the preset.
        versions: Names, alone or with commas.
        template: What files are called; the session's if None.
        output: Where they go; None for a dry run.
        stems: Which stems; None for none.

    Raises:
        UsageError: For a version that does not exist, a template that is none, or an output that
            is no folder.
    """

    def __init__(
        self,
        given: Given,
        versions: tuple[str, ...],
        template: str | None,
        output: Path | None,
        *,
        stems: StemsWanted | None = None,
    ) -> None:
        from mixmaster.audio.names import has_audio_suffix, shown
        from mixmaster.mixing.prints.file_names import (
            DEFAULT_TEMPLATE,
            TemplateError,
            check_template,
        )
        from mixmaster.mixing.prints.versions import MAIN, check_names

        self._given = given
        self._names = [each.strip() for text in versions for each in text.split(",")]
        if stems is not None and MAIN not in self._names:
            self._names.insert(0, MAIN)
        check_names(self._names, given.preset)
        session = None if given.song is None else given.song.session
        self._template = template or (
            DEFAULT_TEMPLATE if session is None else session.name_template
        )
        try:
            check_template(self._template)
        except TemplateError as error:
            raise UsageError("--name-template", error.reason, error.hint) from error
        if output is not None and has_audio_suffix(output) and not output.is_dir():
            reason = f"{shown(output)} is one file; versions and stems go to a folder"
            raise UsageError("--output", reason, f"-o {shown(output.with_suffix(''))}/")
        self._stems = stems

    def wanted(self, plan: MixPlan, title: str | None = None) -> Wanted:
        """Return what is to be printed; say which versions this song has nothing for.

        Args:
            plan: The planned mix.
            title: What the song is called, whatever else says so.

        Raises:
            UsageError: For a version that is asked for by name and cannot be had.
        """
        from mixmaster.cli.output import note
        from mixmaster.mixing.prints.printed import Wanted
        from mixmaster.mixing.prints.versions import chosen

        strips = {each.strip for each in plan.instances}
        versions, notes = chosen(self._names, plan.preset, strips)
        for text in notes:
            note(text)
        if title is None and self._given.song is None:
            title = self._given.title
        return Wanted(versions, self._stems, self._template, title)


def stems_wanted(*, stems: bool, returns: str | None, residual: str | None) -> StemsWanted | None:
    """Return which stems the command line asks for.

    Raises:
        UsageError: For options of stems without ``--stems``.
    """
    from mixmaster.mixing.prints.printed import StemsWanted

    if not stems:
        for option, value in (("--stem-returns", returns), ("--stem-residual", residual)):
            if value is not None:
                raise UsageError(option, "there are no stems", "add --stems")
        return None
    return StemsWanted(
        cast("StemReturns", returns or "with_groups"), cast("Residual", residual or "auto")
    )


def show_planned(files: tuple[PlannedFile, ...]) -> None:
    """Print which files there would be."""
    from mixmaster.audio.names import shown
    from mixmaster.cli.output import show, table

    rows = [(each.kind, each.name, each.words, shown(each.file)) for each in files]
    show(table("Files", ("kind", "name", "what it is", "file"), rows))


def show_prints(run: PrintRun, *, as_json: bool) -> None:
    """Print what was printed."""
    from mixmaster.cli.bridge import bridge_table, staging_table
    from mixmaster.cli.measure import figures_table
    from mixmaster.cli.output import note, show, show_json, show_path, table, warning

    for text in run.notes:
        note(text)
    for text in run.warnings:
        warning(text)
    if as_json:
        show_json({"schema": "mixmaster/prints/1", **run.to_json()})
        return
    if run.staging:
        show(staging_table(run.staging))
    show(bridge_table(run.bridge))
    for title, files in (("Versions", run.versions), ("Stems", run.stems)):
        if files:
            rows = [(each.name, each.words) for each in files]
            show(table(title, ("name", "what it is"), rows))
            show(figures_table("", [(each.name, each.figures) for each in files]))
    if run.sum is not None:
        show(table("Sum of the stems", ("figure", ">dBFS RMS", ">dBFS peak"), _sum_rows(run.sum)))
    for each in (*run.versions, *run.stems):
        show_path(each.file)


def _sum_rows(total: StemSum) -> list[tuple[str, str, str]]:
    def text(value: float | None) -> str:
        return "nothing left" if value is None else f"{value:.1f}"

    rows = [("mix less stems, as written", text(total.null_rms_dbfs), text(total.null_peak_dbfs))]
    if total.residual:
        rows.append(("of it in the residual stem", text(total.missing_rms_dbfs), ""))
    return rows
