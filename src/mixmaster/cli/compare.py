"""``mixmaster compare``: versions side by side, level-matched, on a page to listen to them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mixmaster.cli.commands import Command
from mixmaster.cli.compare_answers import choose_command, results_command
from mixmaster.cli.options import (
    Within,
    allow_plugins_option,
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
    from mixmaster.comparing.run import CompareRun
    from mixmaster.comparing.sources import ComparePlan

SCHEMA = "mixmaster/compare/1"
_MOST_SEED = 2**32 - 1


class _Compare(Command):
    """Comparing itself; ``results`` and ``choose`` in the first place are commands of their own.

    A file that is called so is named ``./results``.
    """

    beside = {"results": results_command, "choose": choose_command}  # noqa: RUF012 - never changed

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Return the context of the command that is meant."""
        if args and args[0] in self.beside:
            name, *rest = args
            command = self.beside[name]
            return command.make_context(f"{info_name} {name}", rest, parent=parent, **extra)
        return super().make_context(info_name, args, parent=parent, **extra)


@click.command(
    "compare",
    cls=_Compare,
    short_help="Listen to versions side by side, level-matched, or blind.",
    examples=[
        "compare mix.wav -m transparent -m loud -m warm -o ab/",
        "compare mix.wav -m transparent -m loud --reference hit.flac -t spotify -o ab/",
        "compare v1.wav v2.wav v3.wav -o ab/ --section loudest:30s",
        "compare results ab/",
        "compare choose ab/ warm",
    ],
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "-m",
    "--master",
    "presets",
    multiple=True,
    metavar="PRESET",
    shell_complete=complete_presets("mastering"),
    help="Master the first file by this preset: a name or a .toml file. May be repeated.",
)
@click.option(
    "-t",
    "--target",
    metavar="TARGET",
    shell_complete=complete_presets("target"),
    help="Where the masters go, and which platform can be heard: a name or a .toml file.",
)
@click.option(
    "--reference",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Another recording to hear beside the versions, even of another song.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The folder for the page and its audio; one that was made here is updated.",
)
@section_options
@click.option(
    "--unmatched", is_flag=True, help="Keep the versions' own levels: louder will seem better."
)
@click.option("--original", is_flag=True, help="Hear the mix itself beside its masters.")
@click.option(
    "--no-align", is_flag=True, help="Leave the versions where they lie in time, whatever they are."
)
@click.option(
    "--sample-rate-hz",
    type=Within(8_000, 384_000, whole=True),
    metavar="HZ",
    help="The rate of the page's audio; the highest among the versions by default.",
)
@click.option(
    "--dual-mono",
    is_flag=True,
    help="Master a mono mix as it sounds from two loudspeakers: 3.01 LU more.",
)
@click.option(
    "--seed",
    type=Within(0, _MOST_SEED, whole=True),
    default=0,
    metavar="N",
    help="Shuffle blind tests the same way each time; by chance if 0.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be compared, and write nothing.")
@allow_plugins_option
@strict_option
@threads_option
@isolate_option
@overwrite_option
@json_option
def command(
    files: tuple[Path, ...],
    presets: tuple[str, ...],
    target: str | None,
    reference: Path | None,
    output: Path | None,
    from_s: float | None,
    to_s: float | None,
    section: str | None,
    unmatched: bool,
    original: bool,
    no_align: bool,
    sample_rate_hz: int | None,
    dual_mono: bool,
    seed: int,
    dry_run: bool,
    strict: bool,
    threads: int | None,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Make a page to listen to versions of a song: FILES, or masters of the first of FILES.

    Versions are aligned to the sample and turned down to the loudness of the quietest, so that
    louder does not win. The page switches without a gap, plays differences, and tests blind: ABX,
    ratings, preferences. compare results FOLDER sums up what listeners have saved; compare choose
    FOLDER NAME writes what is needed to render a version again.

    Exit status 1 when a preset's master was refused, 2 when nothing could be compared.
    """
    from mixmaster.cli.output import progress
    from mixmaster.comparing.run import compare
    from mixmaster.comparing.sources import CompareOptions, plan_comparison
    from mixmaster.errors import UsageError
    from mixmaster.mastering.run import load_target

    named = target or "streaming"
    plan = plan_comparison(
        files,
        presets,
        load_target(named),
        target_name=named,
        platform=target is not None,
        reference=reference,
        options=CompareOptions(
            section=section_of(from_s, to_s, section),
            unmatched=unmatched,
            align=not no_align,
            original=original,
            sample_rate_hz=sample_rate_hz,
            dual_mono=dual_mono,
            seed=seed,
            overwrite=overwrite,
            strict=strict,
            threads=threads,
        ),
    )
    if dry_run:
        _show_plan(plan, output, as_json=as_json)
        return 0
    if output is None:
        raise UsageError("--output", "is missing", "-o ab/ names a folder for the page")
    with progress() as tell:
        run = compare(plan, output, tell)
    _show_run(run, as_json=as_json)
    return run.exit_code


def _show_plan(plan: ComparePlan, output: Path | None, *, as_json: bool) -> None:
    from mixmaster.cli.output import figure, show, show_json, table

    listed = []
    for version in plan.versions:
        info = plan.infos[version.path]
        listed.append(
            {
                "name": version.name,
                "kind": version.kind,
                "file": str(version.path),
                "preset": version.preset_name or None,
                "sample_rate_hz": info.sample_rate_hz,
                "channels": info.channels,
                "duration_s": info.duration_s,
            }
        )
    if as_json:
        folder = None if output is None else str(output.absolute())
        said = {"target": plan.target_name, "sample_rate_hz": plan.sample_rate_hz}
        show_json({"schema": SCHEMA, "dry_run": True, "folder": folder, **said, "versions": listed})
        return
    rows = [
        (
            str(each["name"]),
            str(each["kind"]),
            str(each["file"]),
            str(each["preset"] or ""),
            f"{plan.infos[version.path].sample_rate_hz}",
            f"{plan.infos[version.path].channels}",
            figure(plan.infos[version.path].duration_s),
        )
        for each, version in zip(listed, plan.versions, strict=True)
    ]
    columns = ("version", "is", "from", "preset", ">rate Hz", ">channels", ">length s")
    show(table(f"Would be compared at {plan.sample_rate_hz} Hz", columns, rows))


def _show_run(run: CompareRun, *, as_json: bool) -> None:
    from mixmaster.cli.output import failure, figure, note, show, show_json, show_path, table

    session = run.session
    for text in session.notes:
        note(text)
    for version in session.versions:
        for text in version.notes:
            note(f"{version.name}: {text}")
    if as_json:
        show_json(
            {
                "schema": SCHEMA,
                "dry_run": False,
                "folder": str(run.folder.absolute()),
                "page": str((run.folder / "index.html").absolute()),
                "rendered": list(run.rendered),
                "written": list(run.written),
                "refused": [error.to_json() for error in run.refused],
                "session": session.to_json(),
            }
        )
    else:
        first = session.versions[0].id
        apart = {
            pair.second: "the same" if pair.identical else figure(pair.difference_db)
            for pair in session.pairs
            if pair.first == first
        }
        rows = [
            (
                version.name,
                figure(version.original.integrated_lufs),
                figure(version.original.true_peak_dbtp),
                figure(version.gain_db, 2, sign=True),
                figure(version.heard.integrated_lufs, 2),
                figure(version.heard.plr_db),
                apart.get(version.id, ""),
            )
            for version in session.versions
        ]
        columns = (
            "version",
            ">LUFS",
            ">dBTP",
            ">turned down dB",
            ">heard LUFS",
            ">PLR dB",
            ">difference dB",
        )
        head = f"{session.title}: level-matched within {session.mismatch_lu:.3f} LU"
        show(table(head, columns, rows))
        show_path(run.folder / "index.html")
    for error in run.refused:
        failure(f"{error.where}: {error.reason}", "refused")
