"""The overview of a batch as a page: every output's figures, from its manifest, by its target.

It lies in the output folder as ``overview.html`` and can be made again at any time: what it says
comes from manifests and from the state of the folder. It is left as it is while neither changes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, Final

from mixmaster import __version__
from mixmaster.audio.names import shown
from mixmaster.batch.planning.assess import OutputState
from mixmaster.batch.planning.prepare import Prepared, SongWork
from mixmaster.batch.running.summary import Summary
from mixmaster.batch.state.files import digest, read_state, write_state
from mixmaster.batch.state.store import Store
from mixmaster.engine.publish import manifest_path
from mixmaster.pages.batch.data import PageBatch, PageLimits, PageOutput, PageRun
from mixmaster.pages.batch.page import NAME, batch_page
from mixmaster.pages.writing import PAGE_MARK, check_place, write

_KEPT: Final = "overview"
"""The file in the state's folder: of which states the page was made, and the last run."""
_TOLERANCE_LU: Final = 0.5
_REPORTS: Final = (".report.html", ".html")
"""What a file's report is called, beside it: song_cd.report.html or song_cd.html."""


def write_overview(
    prepared: Prepared, summary: Summary | None = None, *, overwrite: bool = False
) -> Path:
    """Write the overview; return where it lies.

    Args:
        prepared: The batch; its outputs are looked at again.
        summary: What came of its run; None for the last one that is known.
        overwrite: Whether a page that is not ours may be replaced.

    Raises:
        OutputError: When it cannot be written, or something else lies there.
        OSError: When the state's folder cannot be written.
    """
    store = prepared.store
    path = store.output / NAME
    kept = read_state(store.folder / _KEPT)
    kept = kept if isinstance(kept, dict) else {}
    run = kept.get("run")
    if summary is not None and (summary.made or summary.failed):
        run = _run(summary).to_json()
    states = [state for song in prepared.songs for state in _states(prepared, song)]
    reports = [_report(store, each.path) for each in states]
    broken = [(plan.name, plan.error) for plan in prepared.broken]
    known = [
        [each.to_json(), report, _sha256(store, each)]
        for each, report in zip(states, reports, strict=True)
    ]
    seen = digest([__version__, known, broken, run, len(prepared.songs)])
    if kept.get("digest") == seen and path.is_file():
        check_place(path, PAGE_MARK, overwrite=overwrite)
        return path
    outputs = [_broken(name, error) for name, error in broken]
    outputs += [_output(store, each, at) for each, at in zip(states, reports, strict=True)]
    page = batch_page(
        PageBatch(
            name=shown(PurePosixPath(store.shown_output).name) or "batch",
            outputs=tuple(outputs),
            songs=len(prepared.songs),
            run=None if run is None else PageRun(**run),
            targets={each.target: _called(each.target) for each in states},
        )
    )
    write(path, page.encode("utf-8", "backslashreplace"), PAGE_MARK, overwrite=overwrite)
    write_state(store.folder / _KEPT, {"digest": seen, "run": run}, durable=False)
    return path


def _states(prepared: Prepared, song: SongWork) -> list[OutputState]:
    if song.plan.error:
        return []
    song.mixes = prepared.assessor.mixes(song.plan)
    song.states = prepared.assessor.outputs(song.plan, song.mixes)
    return prepared.explain(song)


def _sha256(store: Store, state: OutputState) -> str:
    made = store.made(state.path) if state.state in {"current", "stale"} else None
    return "" if made is None else made.sha256


def _report(store: Store, name: str) -> str:
    stem = name.rpartition(".")[0]
    for suffix in _REPORTS:
        if (store.output / f"{stem}{suffix}").is_file():
            return f"{stem}{suffix}"
    return ""


def _called(target: str) -> str:
    """Return what a target is called: of a file, its name alone."""
    return Path(target).stem if target.lower().endswith(".toml") else target


def _run(summary: Summary) -> PageRun:
    return PageRun(
        made=summary.made,
        failed=summary.failed,
        songs=sum(each.made > 0 for each in summary.songs),
        wall_s=summary.wall_s,
        cpu_s=summary.cpu_s,
        audio_s=sum(float(each.figures.get("duration_s") or 0.0) for each in summary.files),
    )


def _broken(name: str, error: str) -> PageOutput:
    return PageOutput(song=shown(name), state="failed", why=(error,))


def _output(store: Store, state: OutputState, report: str) -> PageOutput:
    said = PageOutput(
        song=state.song,
        version=state.version,
        master=_called(state.master),
        target=state.target,
        state=state.state,
        why=state.why,
    )
    path = store.output / state.path
    try:
        manifest = json.loads(manifest_path(path).read_bytes())
        figures = _figures(manifest)
        figures["bytes"] = path.stat().st_size
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return _noted(store, said, state)
    beside = manifest_path(Path(state.path)).as_posix()
    return replace(said, path=state.path, manifest=beside, report=report, **figures)


def _noted(store: Store, said: PageOutput, state: OutputState) -> PageOutput:
    """Return what is kept of an output whose manifest cannot be read here: it is in a store."""
    made = store.made(state.path)
    if made is None or state.state != "current":
        return said
    found, wanted = made.figures, made.wanted
    return replace(
        said,
        bytes=made.bytes,
        **_programme(found),
        limits=PageLimits(
            integrated_lufs=wanted.get("integrated_lufs"),
            true_peak_dbtp=wanted.get("true_peak_dbtp"),
        ),
    )


def _figures(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a master's manifest says of it."""
    found, settings = manifest["figures"], manifest["settings"]
    limiter = manifest["solved"]["limiter"]
    target = settings["target"]
    return {
        **_programme(found),
        "reduction_db": None if limiter is None else abs(float(limiter["max_db"])),
        "limits": PageLimits(
            integrated_lufs=settings.get("integrated_lufs"),
            short_term_lufs=settings.get("short_term_lufs"),
            tolerance_lu=float(target.get("tolerance_lu", _TOLERANCE_LU)),
            true_peak_dbtp=settings.get("ceiling_dbtp"),
            reduction_db=settings.get("max_gain_reduction_db"),
            plr_lu=settings.get("min_plr_lu"),
            of_dialogue=bool(settings.get("measured_on_dialogue")),
        ),
        "notes": tuple(str(each) for each in manifest.get("notes", ())),
    }


def _programme(found: Mapping[str, Any]) -> dict[str, Any]:
    names = ("integrated_lufs", "max_short_term_lufs", "loudness_range_lu", "true_peak_dbtp")
    duration_s = found.get("duration_s")
    length = {"duration_s": None if duration_s is None else float(duration_s)}
    return length | {name: found.get(name) for name in names}
