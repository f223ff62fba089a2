"""Every mastering preset to every target, measured by meters that are not ours.

For each of the given mixes: integrated loudness by pyloudnorm (the standard's own coefficients)
and by FFmpeg's ebur128, true peak by FFmpeg, against what the target asks for. Refusals are
listed with their reasons. Targets that are measured on dialogue need a stem, and are left out.

    python benchmarks/loudness.py MIX... [--preset NAME]... [--target NAME]...
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from mastering import ffmpeg_figures  # type: ignore[import-not-found]  # beside this file
from mixmaster.documents.finding import list_presets
from mixmaster.mastering.results import MasterResult
from mixmaster.mastering.run import NamedTarget, load_preset, load_target, master

MOST_LU = 0.1
WORST = 12


@dataclass(frozen=True)
class Measured:
    """What other meters read of one master."""

    mix: str
    preset: str
    target: str
    wanted: float | None
    pyloudnorm_lufs: float
    ffmpeg_lufs: float
    ffmpeg_dbtp: float
    ceiling: float | None

    @property
    def error_lu(self) -> float:
        """The larger error of both meters; 0 where no loudness was asked for."""
        if self.wanted is None:
            return 0.0
        return max(abs(self.pyloudnorm_lufs - self.wanted), abs(self.ffmpeg_lufs - self.wanted))

    @property
    def over_db(self) -> float:
        """How far the true peak is over the ceiling by FFmpeg's kernel; below 0 under it."""
        return -np.inf if self.ceiling is None else self.ffmpeg_dbtp - self.ceiling


def pyloudnorm_lufs(path: Path) -> float:
    """Return the integrated loudness by pyloudnorm."""
    import pyloudnorm

    samples, rate = soundfile.read(path)
    return float(pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(samples))


def wanted_of(result: MasterResult) -> float | None:
    """Return the integrated loudness that a master should have by now."""
    assert result.after is not None
    if result.wanted_short_term_lufs is not None:  # the stricter of two figures counts
        short = result.after.max_short_term_lufs
        if short is not None and abs(short - result.wanted_short_term_lufs) < 0.05:
            return None
    return result.wanted_lufs


def measure_all(
    mix: Path, presets: list[str], targets: list[NamedTarget]
) -> tuple[list[Measured], list[str]]:
    """Master a mix through all presets to all targets; return figures and refusals."""
    found, refused = [], []
    for name in presets:
        known: dict[str, tuple[float, float, float]] = {}
        with tempfile.TemporaryDirectory() as folder:
            run = master(mix, load_preset(name), targets, Path(folder))
            for result in run.results:
                if result.file is None:
                    refused.append(f"{mix.stem} / {name} / {result.target}: {result.refused}")
                    continue
                assert result.sha256 is not None
                if result.sha256 not in known:
                    known[result.sha256] = (
                        pyloudnorm_lufs(result.file),
                        *ffmpeg_figures(result.file),
                    )
                figures = known[result.sha256]
                wanted = wanted_of(result)
                found.append(
                    Measured(mix.stem, name, result.target, wanted, *figures, result.ceiling_dbtp)
                )
        print(f"{mix.stem}: {name} done", file=sys.stderr, flush=True)
    return found, refused


def distinct(targets: list[NamedTarget]) -> list[NamedTarget]:
    """Return the targets without those whose masters would be another's, sample by sample."""
    found: dict[str, NamedTarget] = {}
    told = {"name", "description", "source", "unsure", "checked", "playback", "streams", "edges"}
    for target in targets:
        key = target.target.model_dump_json(
            exclude={**dict.fromkeys(told, True), "tolerance_lu": True, "file": {"plain_wav"}}
        )
        found.setdefault(key, target)
    return list(found.values())


def main() -> int:
    """Print the worst cases; 1 if a master misses its loudness by more than 0.1 LU."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mixes", nargs="+", type=Path)
    parser.add_argument("--preset", action="append", default=[])
    parser.add_argument("--target", action="append", default=[])
    told = parser.parse_args()
    presets = told.preset or [each.name for each in list_presets("mastering")]
    names = told.target or [each.name for each in list_presets("target")]
    targets = [target for target in map(load_target, names) if target.target.dialogue is None]
    targets = distinct(targets)
    found: list[Measured] = []
    refused: list[str] = []
    for mix in told.mixes:
        some, no = measure_all(mix, presets, targets)
        found += some
        refused += no
    print("| mix | preset | target | wanted LUFS | pyloudnorm | FFmpeg | dBTP (FFmpeg) | ceiling |")
    print("|-|-|-|-|-|-|-|-|")
    by_error = sorted(found, key=lambda each: -each.error_lu)[:WORST]
    by_peak = sorted(found, key=lambda each: -each.over_db)[:WORST]
    for each in (*by_error, *by_peak):
        wanted = "-" if each.wanted is None else f"{each.wanted:.1f}"
        ceiling = "-" if each.ceiling is None else f"{each.ceiling:.1f}"
        print(
            f"| {each.mix} | {each.preset} | {each.target} | {wanted} | "
            f"{each.pyloudnorm_lufs:.2f} | {each.ffmpeg_lufs:.2f} | {each.ffmpeg_dbtp:.2f} | "
            f"{ceiling} |"
        )
    errors = Counter(round(each.error_lu, 2) for each in found if each.wanted is not None)
    print(f"\n{len(found)} masters, {len(refused)} refused; errors in LU: {sorted(errors.items())}")
    print(
        f"over the ceiling by FFmpeg's kernel: {max(each.over_db for each in found):.2f} dB at most"
    )
    for text in refused:
        print(f"refused: {text}")
    return 1 if any(each.error_lu > MOST_LU for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
