"""``mixmaster report``: a page, or pictures, of what files measure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mixmaster.cli.commands import Command
from mixmaster.cli.options import (
    complete_presets,
    isolate_option,
    json_option,
    overwrite_option,
    strict_option,
    threads_option,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mixmaster.errors import MixmasterError
    from mixmaster.mastering.target import Target
    from mixmaster.pages.subject import Subject, TonalCurve

SCHEMA = "mixmaster/report/1"


@click.command(
    "report",
    cls=Command,
    short_help="Show what files measure, on a page or in pictures.",
    examples=[
        "report master.wav -o report.html",
        "report mix.wav masters/mix_spotify.flac -o before-after.html -t spotify",
        "report album/*.flac -o album.html --png pictures/ --reference favourite.flac",
    ],
)
@click.argument("files", nargs=-1, required=True, type=click.Path())
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE.html",
    help="The page: one file that needs nothing else.",
)
@click.option(
    "--png",
    "folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Write the charts as pictures, too; without -o, the pictures alone.",
)
@click.option(
    "-t",
    "--target",
    metavar="TARGET",
    shell_complete=complete_presets("target"),
    help="Measure against this: a target's name or a .toml file.",
)
@click.option(
    "--reference",
    type=click.Path(),
    metavar="FILE",
    help="Compare spectra with this file's; with a neutral slope by default.",
)
@click.option(
    "--dual-mono",
    is_flag=True,
    help="Measure mono files as they sound from two loudspeakers: 3.01 LU more.",
)
@overwrite_option
@strict_option
@threads_option
@isolate_option
@json_option
def command(
    files: tuple[str, ...],
    output: Path | None,
    folder: Path | None,
    target: str | None,
    reference: str | None,
    dual_mono: bool,
    overwrite: bool,
    strict: bool,
    threads: int | None,
    as_json: bool,
) -> int:
    """Show what FILES (files, folders or globs) measure: on a page, in pictures, or both.

    Waveform and events, loudness over time, spectrum, stereo field, and every figure; several
    files side by side. The page opens in any browser, asks for nothing from outside, and works
    without a mouse. A file that cannot be measured is named, and the others go on: exit
    status 1, or 2 when none could be measured.
    """
    from mixmaster.cli.measure import found_files
    from mixmaster.cli.output import failure, note, progress, show_json, show_path, warning
    from mixmaster.engine.outputs import refuse_inputs
    from mixmaster.errors import UsageError
    from mixmaster.pages.page import report_page
    from mixmaster.pages.pictures import pictures
    from mixmaster.pages.writing import PAGE_MARK, PICTURE_MARK, check_place, write

    if output is None and folder is None:
        raise UsageError(
            "--output", "is missing", "-o report.html, or --png for the pictures alone"
        )
    paths, notes, failed = found_files(files)
    if output is not None:
        refuse_inputs(output, [*paths, *([reference] if reference is not None else [])])
        check_place(output, PAGE_MARK, overwrite=overwrite)
    aim = _target(target)
    survey = _Surveys(dual_mono=dual_mono, strict=strict, threads=threads)
    curve = survey.reference(reference) if reference is not None else None
    subjects = survey.of(paths, failed)
    written: list[Path] = []
    if subjects:
        if output is not None:
            page = report_page(subjects, target=aim, reference=curve)
            content = page.encode("utf-8", "backslashreplace")
            write(output, content, PAGE_MARK, overwrite=overwrite)
            written.append(output)
        if folder is not None:
            with progress() as tell:
                for picture in pictures(subjects, target=aim, reference=curve):
                    path = folder / picture.name
                    tell(f"drawing {picture.name}", 0.0)
                    write(path, picture.content, PICTURE_MARK, overwrite=overwrite)
                    written.append(path)
    for text in notes:
        note(text)
    for subject in subjects:
        for text in subject.notes:
            warning(f"{subject.name}: {text}")
    if as_json:
        show_json(_listed(subjects, written, failed))
    else:
        for path in written if output is None else written[:1]:
            show_path(path)
        if output is not None and folder is not None and written:
            show_path(folder)
    for wrong in failed:
        failure(str(wrong))
    if failed:
        return 1 if subjects else 2
    return 0


def _target(name: str | None) -> Target | None:
    from mixmaster.mastering.run import load_target

    return load_target(name).target if name is not None else None


class _Surveys:
    """Puts files through all meters."""

    def __init__(self, *, dual_mono: bool, strict: bool, threads: int | None) -> None:
        from mixmaster.engine.threads import default_threads

        self._dual_mono = dual_mono
        self._strict = strict
        self._threads = threads or default_threads()

    def of(self, paths: Sequence[Path], failed: list[MixmasterError]) -> list[Subject]:
        """Return the files that could be measured; to ``failed`` is added what went wrong."""
        from mixmaster.errors import MixmasterError

        subjects = []
        for path, name in zip(paths, labels(paths), strict=True):
            try:
                subjects.append(self._one(path, name))
            except MixmasterError as error:
                failed.append(error)
        return subjects

    def reference(self, path: str) -> TonalCurve:
        """Return the spectrum of the file to compare with."""
        from mixmaster.pages.spectrum import reference_curve

        return reference_curve(self._one(Path(path), labels([Path(path)])[0]))

    def _one(self, path: Path, name: str) -> Subject:
        from mixmaster.cli.output import progress
        from mixmaster.engine.measuring import survey_file
        from mixmaster.pages.subject import Subject

        with progress() as tell:
            found = survey_file(
                path,
                dual_mono=self._dual_mono,
                strict=self._strict,
                threads=self._threads,
                progress=lambda share: tell(f"measuring {path.name}", share),
            )
        return Subject(name, found.survey, found.notes, self._dual_mono)


def labels(paths: Sequence[Path]) -> list[str]:
    """Return what files are called on the page: as much of their paths as tells them apart."""
    from mixmaster.audio.names import shown

    names = [shown(path.name) for path in paths]
    depth = 1
    while len(set(names)) < len(names) and depth < max(len(path.parts) for path in paths):
        depth += 1
        again = {name for name in names if names.count(name) > 1}
        names = [
            shown(Path(*path.parts[-depth:])) if name in again else name
            for path, name in zip(paths, names, strict=True)
        ]
    return names


def _listed(
    subjects: Sequence[Subject], written: Sequence[Path], failed: Sequence[MixmasterError]
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "written": [str(path.absolute()) for path in written],
        "files": [
            {"name": subject.name, "notes": list(subject.notes), **subject.survey.to_json()}
            for subject in subjects
        ],
        "failed": [error.to_json() for error in failed],
    }
