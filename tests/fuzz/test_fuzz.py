"""Hostile files and documents, a fixed handful of each; ``make fuzz`` goes on for hours.

Whatever comes in: an error for users or a right result; no traceback, no crash, no hang, no memory
over the cap, nothing written outside the output folder, inputs as they were.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="cases run in forked processes")


def test_nothing_hostile_gets_through(tmp_path: Path) -> None:
    """One process, whose forks these are: pytest's own has threads, which do not survive a fork."""
    words = ["base=1", "count=7", "minutes=8", f"keep={tmp_path}"]
    run = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.run", *words],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
