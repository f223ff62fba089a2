"""What a benchmark found, kept for the table: each figure with its unit, its goal and its peer.

A benchmark calls ``record`` for every figure that counts. Run by itself it prints its own table and
``record`` does nothing; ``run.py`` names a file in the environment, and collects from it.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

VARIABLE = "MIXMASTER_BENCH_RECORDS"

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        benchmark: The script.
        name: What was measured.
        value: The figure.
        unit: Its unit: ``times`` for a ratio to a peer, ``s``, ``MB``, ``M samples/s``.
        peer: Against what, for a ratio; empty otherwise.
        goal: What was aimed at; None for no goal.
        better: Which way is better.
    """

    benchmark: str
    name: str
    value: float
    unit: str
    peer: str = ""
    goal: float | None = None
    better: Better = "higher"

    @property
    def key(self) -> str:
        """What finds the same figure in another run."""
        return (
            f"{self.benchmark}: {self.name} [{self.unit}{' of ' + self.peer if self.peer else ''}]"
        )

    @property
    def reached(self) -> bool | None:
        """Whether its goal is reached; None without one."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.better == "higher" else self.value <= self.goal


def record(
    benchmark: str,
    name: str,
    value: float,
    unit: str,
    *,
    peer: str = "",
    goal: float | None = None,
    better: Better = "higher",
) -> None:
    """Keep a figure, where somebody collects them."""
    path = os.environ.get(VARIABLE)
    if path:
        figure = Figure(benchmark, name, float(value), unit, peer, goal, better)
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(figure)) + "\n")


def read(path: Path) -> list[Figure]:
    """Return the figures of a file of lines; none where there is no file."""
    if not path.exists():
        return []
    return [Figure(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
