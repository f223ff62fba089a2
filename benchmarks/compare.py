"""An A/B of 8 mastering presets of a mix of 3 minutes, against one of a single preset.

The single one is heard beside the mix itself, for one version alone is no comparison. Everything
counts: reading, hashing, rendering, level-matching, writing and measuring what is heard, the
differences of all pairs, the page and its audio. Then one of the 8 presets is changed, and only
that one is rendered again.

    python benchmarks/compare.py
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ledger import record  # type: ignore[import-not-found]  # beside this script
from mastering import make_mix  # type: ignore[import-not-found]  # beside this script

MOST_TIMES = 4.5
RUNS = 3
SHIPPED = ("transparent", "loud", "warm", "voice")


def make_presets(folder: Path) -> list[str]:
    """Write 8 presets: those that ship, and each driven 1.5 dB less: no inserts in common."""
    from mixmaster.documents.writing import to_toml
    from mixmaster.mastering.run import load_preset

    paths = []
    for name in SHIPPED:
        preset = load_preset(name)
        softer = {"input_lufs": (preset.input_lufs or -18.0) - 1.5}
        for version, document in ((name, preset), (f"{name}-b", preset.model_copy(update=softer))):
            path = folder / f"{version}.toml"
            path.write_text(to_toml(document), encoding="utf-8")
            paths.append(str(path))
    return paths


def compared(mix: Path, presets: Sequence[str], output: Path) -> tuple[float, float, int]:
    """Return seconds by the clock and of the processors, and how many were rendered."""
    from mixmaster.comparing.run import compare
    from mixmaster.comparing.sources import CompareOptions, plan_comparison
    from mixmaster.mastering.run import load_target

    clock, processor = time.perf_counter(), time.process_time()
    options = CompareOptions(original=len(presets) == 1, threads=2)
    target = load_target("youtube")
    plan = plan_comparison([mix], presets, target, target_name="youtube", options=options)
    run = compare(plan, output)
    return time.perf_counter() - clock, time.process_time() - processor, len(run.rendered)


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mix = folder / "mix.wav"
        make_mix(mix)
        presets = make_presets(folder)
        compared(mix, presets[:1], folder / "warm-up")
        rows = []
        for run in range(RUNS):
            ones = [
                compared(mix, [preset], folder / f"one-{run}-{number}")
                for number, preset in enumerate(presets)
            ]
            one = tuple(sum(each[i] for each in ones) / len(ones) for i in (0, 1))
            all_of_them = compared(mix, presets, folder / f"all-{run}")
            rows.append((one, all_of_them))
        path = Path(presets[2])
        path.write_text(path.read_text(encoding="utf-8").replace("ratio = 2.0", "ratio = 2.2"))
        changed = compared(mix, presets, folder / "all-0")
    one_s, one_cpu = (min(row[0][i] for row in rows) for i in (0, 1))
    all_s, all_cpu = (min(row[1][i] for row in rows) for i in (0, 1))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    times = all_s / one_s
    record("compare", "8 presets, times one", times, "", goal=MOST_TIMES, better="lower")
    print("| A/B of | s | processor s | rendered |\n|-|-:|-:|-:|")
    print(f"| one preset and the mix, mean of 8 | {one_s:.2f} | {one_cpu:.2f} | 1 |")
    print(f"| 8 presets | {all_s:.2f} | {all_cpu:.2f} | 8 |")
    print(f"| 8 presets, one changed | {changed[0]:.2f} | {changed[1]:.2f} | {changed[2]} |")
    print(f"\n8 presets take {all_s / one_s:.2f} times as long as one; peak {peak:.0f} MB")
    return 0 if all_s <= MOST_TIMES * one_s and changed[2] == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
