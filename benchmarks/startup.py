"""How long ``mixmaster --help`` takes, the whole process; the goal is 0.25 s."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from ledger import record  # type: ignore[import-not-found]  # beside this script

RUNS = 15


def main() -> None:
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "mixmaster", "--help"], check=True, stdout=subprocess.DEVNULL
        )
        seconds.append(time.perf_counter() - start)
    record("startup", "--help", statistics.median(seconds), "s", goal=0.25, better="lower")
    print("| mixmaster --help | median s | max s |\n|-|-|-|")
    print(f"| whole process | {statistics.median(seconds):.3f} | {max(seconds):.3f} |")


if __name__ == "__main__":
    main()
