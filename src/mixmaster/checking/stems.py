"""The check of stems before mixing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mixmaster.checking.duplicates import copies, copy_findings
from mixmaster.checking.findings import CheckReport, Finding, report
from mixmaster.checking.microphones import microphone_findings
from mixmaster.checking.related import relations
from mixmaster.checking.scan import Scan, scan_stem
from mixmaster.checking.session import session_findings
from mixmaster.checking.single import single_findings
from mixmaster.engine.threads import one_blas_thread
from mixmaster.errors import AudioFileError, SignalError

Tell = Callable[[str, float], None]
"""Called with what is being done and how far it is, 0 to 1."""


def check_stems(
    paths: Sequence[Path],
    *,
    roles: Mapping[Path, str] | None = None,
    threads: int = 1,
    tell: Tell | None = None,
) -> CheckReport:
    """Check stems before they are mixed. A file that cannot be used is a finding, no error.

    Args:
        paths: The stems.
        roles: What each is, where that is known: keeps a drum's microphone in the overheads from
            being taken for a second one on the drum.
        threads: How many share the work; the report is the same.
        tell: Told what is being done.
    """
    with one_blas_thread():
        scans, findings = _scan_all(paths, threads, tell)
        for scan in scans:
            findings += single_findings(scan)
        findings += session_findings(scans)
        found = copies(scans)
        findings += copy_findings(scans, found)
        same = {frozenset((copy.first, copy.second)) for copy in found if copy.exact}
        related = relations(
            scans,
            threads=threads,
            tell=None if tell is None else lambda share: tell("comparing microphones", share),
        )
        kept = [each for each in related if frozenset((each.first[0], each.second[0])) not in same]
        findings += microphone_findings(scans, kept, roles or {})
    return report((str(path) for path in paths), findings)


def _scan_all(
    paths: Sequence[Path], threads: int, tell: Tell | None
) -> tuple[list[Scan], list[Finding]]:
    scans: list[Scan] = []
    findings: list[Finding] = []
    shares = [0.0] * len(paths)
    lock = threading.Lock()

    def scan(number: int) -> Scan | Finding:
        def here(share: float) -> None:
            with lock:
                shares[number] = share
                if tell is not None:
                    tell("reading stems", sum(shares) / len(shares))

        return _scanned(paths[number], here)

    pool = ThreadPoolExecutor(max(1, threads), thread_name_prefix="check")
    try:
        for result in pool.map(scan, range(len(paths))):
            if isinstance(result, Scan):
                scans.append(result)
            else:
                findings.append(result)
    finally:
        pool.shutdown(cancel_futures=True)
    return scans, findings


def _scanned(path: Path, tell: Callable[[float], None]) -> Scan | Finding:
    try:
        return scan_stem(path, tell)
    except (AudioFileError, SignalError) as error:
        return unusable(path, error)


def unusable(path: Path, error: AudioFileError | SignalError) -> Finding:
    """Return an error about a file as a finding."""
    if isinstance(error, SignalError):
        return Finding(
            "error",
            "not_a_number",
            str(path),
            error.time_s,
            None,
            "",
            error.reason,
            "render the file again; nothing after such a sample can be trusted",
            times_s=(error.time_s,),
        )
    advice = error.hint or "export it again"
    return Finding("error", "unreadable", str(path), None, None, "", error.reason, advice)
