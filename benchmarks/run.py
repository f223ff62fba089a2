"""Run every benchmark, each against its peer on the same work: ``make bench``."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
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
    ("dynamics.py",),
    ("bands.py",),
    ("colour.py",),
    ("space.py",),
    ("limiter.py",),
    ("startup.py",),
)


def main() -> int:
    failed = []
    for script, *arguments in BENCHMARKS:
        name = " ".join((script, *arguments))
        print(f"\n## {name}\n", flush=True)
        start = time.perf_counter()
        done = subprocess.run([sys.executable, str(HERE / script), *arguments], check=False)
        print(f"\n({time.perf_counter() - start:.0f} s)", flush=True)
        if done.returncode:
            failed.append(name)
    if failed:
        print("failed: " + ", ".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
