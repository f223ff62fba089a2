"""Run the benchmarks, each against its peers on the same work, and compare with the last table.

    make bench                                   # all of them
    python benchmarks/run.py mixing measure      # some of them
    python benchmarks/run.py --keep              # and this run becomes the table that is kept

Writes ``benchmarks/out/table.md`` and ``ratios.svg``; ``--keep`` copies both, with the figures, to
``benchmarks/last/``. Peers that are not installed are named. Exit status 1 when a benchmark fails.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from html import escape
from pathlib import Path

from ledger import VARIABLE, Figure, read  # type: ignore[import-not-found]  # beside this script

HERE = Path(__file__).parent
OUT = HERE / "out"
LAST = HERE / "last"
BENCHMARKS = (
    ("mixing.py",),
    ("mixing.py", "--memory"),
    ("section.py",),
    ("console.py",),
    ("measure.py",),
    ("survey.py",),
    ("mastering.py",),
    ("match.py",),
    ("compare.py",),
    ("release.py",),
    ("dynamics.py",),
    ("bands.py",),
    ("colour.py",),
    ("space.py",),
    ("limiter.py",),
    ("startup.py",),
    ("curves.py",),
    ("batch.py",),
    ("batch_scale.py",),
)
PACKAGES = {
    "pedalboard": "pedalboard",
    "FFmpeg's ebur128, in PyAV": "av",
    "pyloudnorm": "pyloudnorm",
    "matchering": "matchering",
}
PROGRAMS = {"FFmpeg's filter graph and loudnorm": "ffmpeg", "SoX": "sox"}
NOISE = 0.15
"""Two runs on a quiet machine differ by less, in ratios; seconds drift by more."""


def missing() -> list[str]:
    """Return the peers that are not installed."""
    found = [name for name, module in PACKAGES.items() if importlib.util.find_spec(module) is None]
    return found + [name for name, program in PROGRAMS.items() if shutil.which(program) is None]


def run(asked: list[str]) -> tuple[list[Figure], list[str]]:
    """Run benchmarks one after another; return what they found, and those that failed."""
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder) / "records.jsonl"
        for script, *arguments in BENCHMARKS:
            if asked and script.removesuffix(".py") not in asked:
                continue
            name = " ".join((script, *arguments))
            print(f"\n## {name}\n", flush=True)
            start = time.perf_counter()
            done = subprocess.run(
                [sys.executable, str(HERE / script), *arguments],
                check=False,
                env={**os.environ, VARIABLE: str(records)},
            )
            print(f"\n({time.perf_counter() - start:.0f} s)", flush=True)
            if done.returncode:
                failed.append(name)
        return read(records), failed


def change(figure: Figure, last: dict[str, Figure]) -> str:
    """Return how a figure moved since the table that is kept."""
    before = last.get(figure.key)
    if before is None:
        return "new"
    if not before.value:
        return ""
    ratio = figure.value / before.value
    text = f"{100.0 * (ratio - 1.0):+.0f} %"
    worse = ratio < 1.0 - NOISE if figure.better == "higher" else ratio > 1.0 + NOISE
    return f"**{text}**" if worse else text


def table(figures: list[Figure], last: dict[str, Figure]) -> str:
    """Return the figures as a table in Markdown."""
    lines = [
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "",
        "| benchmark | figure | | goal | since the last table |",
        "|-|-|-:|-:|-:|",
    ]
    for each in figures:
        peer = f" as fast as {each.peer}" if each.unit == "times" and each.peer else ""
        goal = "" if each.goal is None else f"{each.goal:g}{'' if each.reached else ' missed'}"
        cells = (each.benchmark, f"{each.name}{peer}", f"{each.value:.2f} {each.unit}", goal)
        lines.append(f"| {' | '.join((*cells, change(each, last)))} |")
    return "\n".join(lines) + "\n"


def picture(figures: list[Figure], last: dict[str, Figure]) -> str:
    """Return the ratios to peers as bars; the dashed line is the peer, a tick is last time."""
    bars = [each for each in figures if each.unit == "times" and each.value > 0.0]
    most = max([1.0, *(each.value for each in bars)])
    row, left, width = 22, 360, 420
    high = row * len(bars) + 40
    box = f'viewBox="0 0 {left + width + 80} {high}" font-family="sans-serif" font-size="12"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{left}" y="16" fill="#555">times as fast as the peer</text>',
    ]
    for number, each in enumerate(bars):
        y = 28 + row * number
        long = width * each.value / most
        colour = "#2a7f62" if each.reached in {True, None} and each.value >= 1.0 else "#b3541e"
        name = escape(f"{each.name} / {each.peer}")
        parts += [
            f'<text x="{left - 8}" y="{y + 12}" text-anchor="end">{name}</text>',
            f'<rect x="{left}" y="{y}" width="{long:.1f}" height="15" fill="{colour}"/>',
            f'<text x="{left + long + 6:.1f}" y="{y + 12}">{each.value:.2f}</text>',
        ]
        before = last.get(each.key)
        if before is not None:
            x = left + width * before.value / most
            parts.append(f'<path d="M{x:.1f} {y - 2}v19" stroke="#111" stroke-width="1.5"/>')
    x = left + width / most
    parts.append(f'<path d="M{x:.1f} 22V{high - 8}" stroke="#555" stroke-dasharray="3 3"/></svg>')
    return "\n".join(parts) + "\n"


def main() -> int:
    """Run, tell, compare."""
    known = sorted({script.removesuffix(".py") for script, *_ in BENCHMARKS})
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("asked", nargs="*", metavar="BENCHMARK", help=", ".join(known))
    parser.add_argument("--keep", action="store_true", help="this run becomes the table kept")
    told = parser.parse_args()
    unknown = set(told.asked) - set(known)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    for peer in missing():
        print(f"not installed, so not compared with: {peer}")
    figures, failed = run(told.asked)
    kept = {each.key: each for each in read(LAST / "figures.jsonl")}
    OUT.mkdir(exist_ok=True)
    said = table(figures, kept)
    (OUT / "table.md").write_text(said, encoding="utf-8")
    (OUT / "ratios.svg").write_text(picture(figures, kept), encoding="utf-8")
    print("\n" + said)
    if told.keep:
        keep(figures, kept)
    if failed:
        print("failed, or a goal missed: " + ", ".join(failed))
    return 1 if failed else 0


def keep(figures: list[Figure], kept: dict[str, Figure]) -> None:
    """Make this run the table that is kept; figures of benchmarks that did not run stay."""
    import json
    from dataclasses import asdict

    ran = {each.benchmark for each in figures}
    stay = [each for each in kept.values() if each.benchmark not in ran]
    every = [*figures, *stay]
    LAST.mkdir(exist_ok=True)
    lines = [json.dumps(asdict(each)) + "\n" for each in every]
    (LAST / "figures.jsonl").write_text("".join(lines), encoding="utf-8")
    (LAST / "table.md").write_text(table(every, {}), encoding="utf-8")
    (LAST / "ratios.svg").write_text(picture(every, {}), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
