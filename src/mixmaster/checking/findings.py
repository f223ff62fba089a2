"""What a check found: one sentence on what is wrong, one on what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from mixmaster.results import Result

Severity = Literal["error", "warning", "note"]

SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "note")
"""From grave to light: an error says no; a warning wants ears; a note is worth knowing."""

LISTED_TIMES: Final = 50


@dataclass(frozen=True, slots=True)
class Finding(Result):
    """One thing that a check found.

    Attributes:
        severity: ``error``, ``warning`` or ``note``.
        code: What kind of thing: ``polarity``, ``hum``, ``clipping`` ...
        file: The file concerned.
        time_s: Where it begins, in seconds from the file's start; None for the whole file.
        figure: How much, in ``unit``; None where there is nothing to count.
        unit: The figure's unit.
        text: What was found, in a sentence.
        advice: What to do about it, in a sentence.
        fix: A line that does it, ready to be pasted into a strip of a mix preset; empty where
            there is none, or where the evidence is not of one mind.
        fix_file: The stem whose strip takes that line.
        others: The other files concerned.
        times_s: All the places where it is, the first ones of very many.
    """

    severity: Severity
    code: str
    file: str
    time_s: float | None
    figure: float | None
    unit: str
    text: str
    advice: str
    fix: str = ""
    fix_file: str = ""
    others: tuple[str, ...] = ()
    times_s: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckReport(Result):
    """All findings of a check.

    Attributes:
        files: What was checked.
        findings: The gravest first, then by file and time.
        figures: What was measured on the way, by file; for masters.
    """

    files: tuple[str, ...]
    findings: tuple[Finding, ...]
    figures: dict[str, dict[str, float | None]]

    def count(self, severity: Severity) -> int:
        """Return how many findings are of this severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def passes(self, *, strict: bool = False) -> bool:
        """Return whether the check says yes: no errors, and if strict no warnings either."""
        return self.count("error") == 0 and not (strict and self.count("warning"))


def report(
    files: Iterable[str],
    findings: Iterable[Finding],
    figures: dict[str, dict[str, float | None]] | None = None,
) -> CheckReport:
    """Return a report with its findings in order."""
    names = tuple(files)
    places = {name: number for number, name in enumerate(names)}
    ordered = sorted(
        findings,
        key=lambda finding: (
            SEVERITIES.index(finding.severity),
            places.get(finding.file, len(places)),
            finding.code,
            -1.0 if finding.time_s is None else finding.time_s,
        ),
    )
    return CheckReport(names, tuple(ordered), figures or {})
