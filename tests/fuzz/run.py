"""Attempts one after the other: what is found is kept, made small, and told."""

from __future__ import annotations

import hashlib
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.cases import FOUND, Case, kept
from tests.fuzz.guard import Verdict, tried
from tests.fuzz.smaller import smaller
from tests.fuzz.targets import MAKERS, TARGETS, made, warm

PROGRESS_S = 60.0
SHARES = {"audio": 5, "mix": 2, "mastering": 2, "words": 2}
"""How many cases of a kind there are for one of another: by how much there is to try."""


@dataclass
class Tally:
    """What a run came to.

    Attributes:
        cases: How many were tried, by target.
        doors: How many went through each door, and how they came out.
        findings: Seeds or names by what was wrong.
        slowest_s: The longest case.
        largest_mib: The most memory.
    """

    cases: Counter[str] = field(default_factory=Counter)
    doors: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    findings: dict[str, list[str]] = field(default_factory=dict)
    slowest_s: float = 0.0
    largest_mib: int = 0

    def add(self, name: str, case: Case, verdict: Verdict) -> None:
        """Count a case."""
        self.cases[case.target] += 1
        for door, outcome in verdict.said.items():
            self.doors[case.target, door, str(outcome)] += 1
        self.slowest_s = max(self.slowest_s, verdict.seconds)
        self.largest_mib = max(self.largest_mib, verdict.resident_mib)
        if verdict.wrong:
            self.findings.setdefault(verdict.signature, []).append(name)

    def lines(self) -> Iterator[str]:
        """Yield the table of the run."""
        for target, count in sorted(self.cases.items()):
            yield f"{target}: {count} cases"
            for (whose, door, outcome), times in sorted(self.doors.items()):
                if whose == target:
                    yield f"  {door:12} {outcome:20} {times}"
        yield f"slowest {self.slowest_s:.1f} s, largest {self.largest_mib} MiB"
        for signature, names in sorted(self.findings.items()):
            yield f"FOUND {signature}: {len(names)} times, first {names[0]}"


def attempt(case: Case) -> Verdict:
    """Try a case."""
    return tried(case, TARGETS[case.target])


def seeds(base: int, targets: Iterable[str], count: int | None) -> Iterator[str]:
    """Yield seeds, the targets in turn; without a count for ever."""
    number = base
    while count is None or number < base + count:
        for target in targets:
            share = SHARES.get(target, 1)
            yield from (f"{target}:{number * share + each}" for each in range(share))
        number += 1


def hunt(
    which: Iterable[str],
    *,
    until: float | None = None,
    keep: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Tally:
    """Try seeds until the clock (`time.monotonic`) says ``until``; keep what is found."""
    tally = Tally()
    told = time.monotonic()
    for seed in which:
        if until is not None and time.monotonic() >= until:
            break
        if time.monotonic() >= told + PROGRESS_S:
            told = time.monotonic()
            say(f"{sum(tally.cases.values())} cases, {len(tally.findings)} findings")
        try:
            case = made(seed)
        except Exception as error:  # noqa: BLE001 - hours are not to end for a mutator's slip
            tally.findings.setdefault(f"the mutator: {error!r:.200}", []).append(seed)
            continue
        verdict = attempt(case)
        new = bool(verdict.wrong) and verdict.signature not in tally.findings
        tally.add(seed, case, verdict)
        if not new:
            continue
        say(
            f"{seed}: {'; '.join(verdict.wrong)}\n  {' | '.join(case.how)}\n{verdict.trace[-2500:]}"
        )
        if keep is not None:
            least = smaller(case, verdict.signature, attempt)
            folder = keep / _folder_name(case.target, verdict.signature)
            if not folder.exists():
                least.save(folder, verdict.wrong)
                say(f"  kept as {folder.name}")
    return tally


def again(folder: Path) -> Verdict:
    """Try a case again that was kept."""
    return attempt(kept(folder))


def found() -> list[Path]:
    """Return the folders of all cases that are kept."""
    return sorted(path.parent for path in FOUND.glob("*/case.json"))


def _folder_name(target: str, signature: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", signature.lower()).strip("-")[:60]
    return (
        f"{target}-{words}-{hashlib.sha256(signature.encode('utf-8', 'replace')).hexdigest()[:6]}"
    )


def main(arguments: list[str]) -> int:
    """Run: ``minutes=60 base=SEED targets=audio,mix keep=FOLDER count=N`` or names to run again."""
    said = dict(word.split("=", 1) for word in arguments if "=" in word)
    names = [word for word in arguments if "=" not in word]
    warm()
    if names:
        return _again(names)
    base = int(said.get("base", time.time_ns() // 1_000_000_000 * 1_000_000))
    targets = said.get("targets", ",".join(MAKERS)).split(",")
    count = int(said["count"]) if "count" in said else None
    minutes = float(said.get("minutes", 60))
    keep = Path(said.get("keep", FOUND))
    lost = [folder.name for folder in found() if again(folder).wrong]
    for name in lost:
        _say(f"what was mended is broken again: python -m tests.fuzz.run {name}")
    _say(f"seeds from {base}: the same again with base={base}")
    tally = hunt(
        seeds(base, targets, count),
        until=time.monotonic() + 60.0 * minutes,
        keep=keep,
        say=_say,
    )
    _say("\n".join(tally.lines()))
    return 1 if tally.findings or lost else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _again(names: list[str]) -> int:
    failed = 0
    for name in names:
        folder = FOUND / name
        case = kept(folder) if folder.is_dir() else made(name)
        verdict = attempt(case)
        failed += bool(verdict.wrong)
        words = "; ".join(verdict.wrong) or "all is well"
        _say(f"{name}: {words} ({verdict.seconds:.1f} s, {verdict.resident_mib} MiB)")
        _say(f"  {' | '.join(case.how)}\n  {verdict.said}")
        if verdict.wrong:
            _say(verdict.trace)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
