"""Hearing 30 s of a session of 16 stems, 3 minutes long, with the gains of the whole song.

The stems and inserts of ``mixing.py``, with gain staging on every strip, so that the loudness of
whole stems counts. What the user waits for is timed: the command from start to end in a process
of its own, first with nothing measured yet, then warm, with the measurements of an earlier run.

    python benchmarks/section.py
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ledger import record  # type: ignore[import-not-found]  # beside this script
from mixing import PRESET, make_stems  # type: ignore[import-not-found]  # beside this script

RUNS = 5
GOAL_S = 2.0


def wait(folder: Path, *more: str) -> float:
    """Return the seconds from the command's start to its end."""
    command = [
        sys.executable, "-m", "mixmaster", "mix", str(folder / "stems"),
        "-p", str(folder / "preset.toml"), "-o", str(folder / "section.wav"), *more,
    ]  # fmt: skip
    before = time.perf_counter()
    subprocess.run(
        command,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")},
    )
    return time.perf_counter() - before


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="mixmaster-bench-") as name:
        folder = Path(name)
        (folder / "stems").mkdir()
        make_stems(folder / "stems", 3.0)
        staged = PRESET.replace('match = ["*"]', 'match = ["*"]\ninput_lufs = -23.0')
        (folder / "preset.toml").write_text(staged)
        part = ("--from", "60", "--to", "90")
        wait(folder, *part, "--no-cache")  # files into memory
        cold = statistics.median(wait(folder, *part, "--no-cache") for _ in range(RUNS))
        wait(folder, *part)
        warm = statistics.median(wait(folder, *part) for _ in range(RUNS))
        whole = statistics.median(wait(folder) for _ in range(RUNS))
    record("section", "30 s, nothing measured yet", cold, "s", better="lower")
    record("section", "30 s, warm", warm, "s", goal=GOAL_S, better="lower")
    record("section", "the whole song, warm", whole, "s", better="lower")
    print("| 16 stems of 3 min, 48 kHz | seconds |")
    print("|-|-:|")
    print(f"| 30 s, nothing measured yet | {cold:.2f} |")
    print(f"| 30 s, warm | {warm:.2f} (goal {GOAL_S:g}) |")
    print(f"| the whole song, warm | {whole:.2f} |")


if __name__ == "__main__":
    main()
