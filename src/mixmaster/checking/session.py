"""What stems show side by side: rates, lengths, starts, pairs, and stems that hold only bleed."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from mixmaster.checking.findings import Finding
from mixmaster.checking.scan import Scan

SAME_LENGTH_S: Final = 0.01
_RATE_RATIO: Final = 160.0 / 147.0  # 48 kHz to 44.1 kHz
_RATIO_TOLERANCE: Final = 2e-4
_LONGEST_DELAY_MS: Final = 1_000.0  # of a strip's delay_ms
_BLEED_DBFS: Final = -45.0
_BLEED_UNDER_DB: Final = 25.0

_SIDE: Final = re.compile(r"^(?P<rest>.+?)[\s._-]+(?P<side>l|r|left|right)$", re.IGNORECASE)


def session_findings(scans: Sequence[Scan]) -> Iterator[Finding]:
    """Yield what stems show side by side."""
    yield from _rates(scans)
    yield from _lengths(scans)
    yield from _starts(scans)
    yield from _bleed(scans)
    yield from _mismatched_pairs(scans)


def sides(path: Path) -> tuple[str, str] | None:
    """Return what a name says beside its side, and ``l`` or ``r``; None if it names no side."""
    found = _SIDE.match(path.stem)
    if found is None:
        return None
    return found["rest"].casefold(), found["side"][0].casefold()


def named_pairs(scans: Sequence[Scan]) -> list[tuple[int, int]]:
    """Return mono stems whose names differ in left and right alone, as indices."""
    left: dict[tuple[Path, str], int] = {}
    right: dict[tuple[Path, str], int] = {}
    for number, scan in enumerate(scans):
        side = sides(scan.path)
        if side is not None and scan.info.channels == 1:
            (left if side[1] == "l" else right)[scan.path.parent, _numberless(side[0])] = number
    return [(left[key], right[key]) for key in left if key in right]


def _numberless(rest: str) -> str:
    """Drop a leading track number: ``04_OH`` and ``05_OH`` are one."""
    return re.sub(r"^\d+[\s._-]*", "", rest) or rest


def _rates(scans: Sequence[Scan]) -> Iterator[Finding]:
    rates = Counter(scan.info.sample_rate_hz for scan in scans)
    if len(rates) < 2:
        return
    usual, highest = rates.most_common(1)[0][0], max(rates)
    for scan in scans:
        rate = scan.info.sample_rate_hz
        if rate != usual:
            yield Finding(
                "warning",
                "rate",
                str(scan.path),
                None,
                float(rate),
                "Hz",
                f"its rate is {rate} Hz, most others' {usual}",
                f"nothing if that is true: mixmaster converts all to {highest} Hz",
            )


def _usual_duration_s(scans: Sequence[Scan]) -> float:
    """Return the length that most stems have; the longest of equals."""
    lengths = [round(scan.duration_s / SAME_LENGTH_S) for scan in scans]
    counts = Counter(lengths)
    usual = max(counts, key=lambda length: (counts[length], length))
    same = (scan for scan, length in zip(scans, lengths, strict=True) if length == usual)
    return max(scan.duration_s for scan in same)


def _lengths(scans: Sequence[Scan]) -> Iterator[Finding]:
    if len(scans) < 2:
        return
    usual_s = _usual_duration_s(scans)
    for scan in scans:
        duration_s = scan.duration_s
        if abs(duration_s - usual_s) <= 2 * SAME_LENGTH_S:
            continue
        for ratio in (_RATE_RATIO, 1.0 / _RATE_RATIO):
            if abs(duration_s / (usual_s * ratio) - 1.0) <= _RATIO_TOLERANCE:
                yield _wrong_stamp(scan, usual_s)
                break
        else:
            unit = "shorter" if duration_s < usual_s else "longer"
            yield Finding(
                "note",
                "length",
                str(scan.path),
                None,
                duration_s - usual_s,
                "s",
                f"it is {abs(duration_s - usual_s):.2f} s {unit} than most ({usual_s:.2f} s)",
                "see that it starts at the session's zero, as all are taken to",
            )


def _wrong_stamp(scan: Scan, usual_s: float) -> Finding:
    rate = scan.info.sample_rate_hz
    true_hz = round(rate * scan.duration_s / usual_s)
    return Finding(
        "error",
        "wrong_rate_stamp",
        str(scan.path),
        None,
        scan.duration_s / usual_s,
        "times as long",
        f"its header says {rate} Hz, but its length of {scan.duration_s:.3f} s is to the others' "
        f"{usual_s:.3f} s as {'160 to 147' if scan.duration_s > usual_s else '147 to 160'}: "
        f"it was recorded at {true_hz} Hz",
        f"set the rate in its header to {true_hz} Hz; do not convert it",
    )


def _starts(scans: Sequence[Scan]) -> Iterator[Finding]:
    starts = {
        number: scan.extras.time_reference / scan.info.sample_rate_hz
        for number, scan in enumerate(scans)
        if scan.extras is not None and scan.extras.time_reference is not None
    }
    if len(starts) < 2:
        return
    counts = Counter(round(start, 4) for start in starts.values())
    usual_s, most = counts.most_common(1)[0]
    if most == 1:
        usual_s = min(counts)
    for number, start_s in starts.items():
        late_s = start_s - usual_s
        if abs(late_s) < 1e-3:
            continue
        name, ms = str(scans[number].path), late_s * 1e3
        able = 0.0 < ms <= _LONGEST_DELAY_MS
        yield Finding(
            "error",
            "start",
            name,
            None,
            late_s,
            "s",
            f"its BWF time reference puts its start {abs(late_s):.3f} s "
            f"{'after' if late_s > 0 else 'before'} the others'; a mix starts all at zero",
            "export it from the session's zero" + (", or delay its strip" if able else ""),
            fix=f"delay_ms = {ms:.3f}" if able else "",
            fix_file=name if able else "",
        )


def _bleed(scans: Sequence[Scan]) -> Iterator[Finding]:
    levels = {number: scan.loud_dbfs() for number, scan in enumerate(scans)}
    loud = {number: level for number, level in levels.items() if level is not None}
    if not loud:
        return
    usual = statistics.median(loud.values())
    for number, level in loud.items():
        under = usual - level
        if level < _BLEED_DBFS and (under >= _BLEED_UNDER_DB or len(loud) == 1):
            peaks = [peak for peak in scans[number].levels.sample_peak_dbfs if peak is not None]
            compared = f", {under:.0f} dB under the other stems" if len(loud) > 1 else ""
            yield Finding(
                "warning",
                "bleed_only",
                str(scans[number].path),
                None,
                level,
                "dBFS",
                f"it holds only bleed or noise: its loudest moments are at {level:.1f} dBFS "
                f"(peak {max(peaks):.1f}){compared}",
                "leave it out, or mute its strip",
            )


def _mismatched_pairs(scans: Sequence[Scan]) -> Iterator[Finding]:
    for left, right in named_pairs(scans):
        one, two = scans[left], scans[right]
        same_rate = one.info.sample_rate_hz == two.info.sample_rate_hz
        if same_rate and one.frames == two.frames:
            continue
        yield Finding(
            "warning",
            "pair_mismatch",
            str(two.path),
            None,
            two.duration_s - one.duration_s,
            "s",
            f"it is named as the right half of {one.path.name}, but their "
            f"{'lengths' if same_rate else 'rates'} differ",
            "export both again from the same place and at the same rate",
            others=(str(one.path),),
        )
