"""Every fault at every call, for ``make fuzz``: python -m tests.faults.run [COMMAND ...].

Prints what does not hold, then a table in Markdown; the exit status is 1 if there is anything.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.faults.commands import COMMANDS
from tests.faults.injecting import Bench, every_fault

_HEAD = "| command | calls counted | faults | survived |\n|-|-|-|-|"


def main(names: list[str]) -> int:
    """Try everything; return the exit status."""
    rows, wrong = [_HEAD], 0
    with tempfile.TemporaryDirectory() as folder:
        for name in names or list(COMMANDS):
            bench = Bench(Path(folder) / name, COMMANDS[name])
            wanted, seen = bench.undisturbed()
            faults = every_fault(seen)
            survived = 0
            for fault in faults:
                found = bench.endures(wanted, fault)
                survived += not found
                for each in found:
                    sys.stdout.write(f"{name}: {each}\n")
                    sys.stdout.flush()
            rows.append(f"| {name} | {sum(seen.values())} | {len(faults)} | {survived} |")
            wrong += len(faults) - survived
    sys.stdout.write("\n".join(rows) + "\n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
