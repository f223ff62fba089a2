"""Wherever a disk, a folder or a process fails: outputs are whole and right, or not there.

A sample of the faults with a fixed seed; tests/faults/run.py tries all of them, for ``make fuzz``.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest
from tests.faults.commands import COMMANDS
from tests.faults.injecting import KILL, Bench, Fault, every_fault, limited

if sys.platform == "win32":
    pytest.skip("forks, and faults by POSIX numbers", allow_module_level=True)

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # it forks

SAMPLES = {
    "mix": 12,
    "master": 12,
    "render": 8,
    "release": 5,
    "compare": 8,
    "report": 2,
    "batch": 2,
}
SEED = 20


def sample(faults: list[Fault], count: int) -> list[Fault]:
    """Return as many of each kind as can be; what renames is always among them."""
    chosen = [each for each in faults if each.kind == "rename"]
    others = [each for each in faults if each.kind != "rename"]
    random.Random(SEED).shuffle(others)
    random.Random(SEED).shuffle(chosen)
    return [*chosen[: count // 3], *others[: count - min(len(chosen), count // 3)]]


@pytest.mark.parametrize("command", COMMANDS)
def test_an_error_or_a_kill_at_any_call(command: str, tmp_path: Path) -> None:
    bench = Bench(tmp_path, COMMANDS[command])
    wanted, seen = bench.undisturbed()
    wrong = [
        each
        for fault in sample(every_fault(seen), SAMPLES.get(command, 6))
        for each in bench.endures(wanted, fault)
    ]
    assert wrong == []


@pytest.mark.parametrize("command", ["mix", "master"])
@pytest.mark.parametrize("step", ["file", "manifest"])
def test_an_end_between_a_file_and_its_manifest_is_made_good(
    command: str, step: str, tmp_path: Path
) -> None:
    """The narrowest place: one of the two has its name already."""
    bench = Bench(tmp_path, COMMANDS[command])
    wanted, seen = bench.undisturbed()
    number = seen["rename"] - (step == "file")
    for error in (KILL, 13):
        assert bench.endures(wanted, Fault("rename", number, error)) == []


@pytest.mark.parametrize("command", ["mix", "master", "render", "compare"])
def test_a_disk_that_is_full_for_libraries_written_in_c(command: str, tmp_path: Path) -> None:
    bench = Bench(tmp_path, COMMANDS[command])
    wanted, _ = bench.undisturbed()
    for size in (0, 100, 4_096, 40_000):
        bench.clear()
        with limited(size):
            outcome = bench.run()
        assert outcome.status == 2, (size, outcome.said)
        assert bench.holds(wanted, outcome) + bench.goes_on(wanted) == [], size


def test_the_bench_itself_strikes(tmp_path: Path) -> None:
    """A harness that never strikes would find everything in order."""
    bench = Bench(tmp_path, COMMANDS["mix"])
    wanted, seen = bench.undisturbed()
    assert {"open", "read", "write", "rename", "sync", "mkdir"} <= set(seen)
    from tests.faults.injecting import injected

    bench.clear()
    with injected(bench.folder, Fault("write", 1, 28)) as injection:
        outcome = bench.run()
    assert injection.struck
    assert outcome.status == 2
    assert os.strerror(28) in outcome.said
    bench.clear()
    (bench.out).mkdir()
    (bench.out / "mix.wav").write_bytes(b"half")
    assert any("another" in each for each in bench.holds(wanted, outcome))
    assert any("next run" in each for each in bench.goes_on(wanted))
