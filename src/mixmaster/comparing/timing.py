"""Time: where each file lies in the first one's, and which part of the song all of them have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mixmaster.arrays import Block
from mixmaster.audio.extracts import passage
from mixmaster.audio.names import shown
from mixmaster.dsp.offset import LARGEST_OFFSET_S, find_offset, likely_offsets
from mixmaster.errors import UsageError
from mixmaster.pages.ab.data import AbAlignment

LEAST_SHARED: Final = 0.5
"""Versions of which less than this share is common are not compared unasked."""

_TOLD_PPM: Final = 0.5
_TOLD_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Timed:
    """A file, and what was found out about its time.

    Attributes:
        path: The file.
        seconds: Its length.
        onsets: Of ``Onsets``.
    """

    path: Path
    seconds: float
    onsets: Block


def in_step() -> AbAlignment:
    """Return what is said of a version that was made here, or that the others are moved to."""
    return _unmoved(aligned=True)


def left_alone() -> AbAlignment:
    """Return what is said of a version that is not moved."""
    return _unmoved(aligned=False)


def _unmoved(*, aligned: bool) -> AbAlignment:
    return AbAlignment(
        aligned=aligned,
        offset_samples=0,
        offset_ms=0.0,
        fraction_samples=0.0,
        drift_ppm=None,
        polarity_inverted=False,
        similarity=None,
    )


def align(anchor: Timed, other: Timed, sample_rate_hz: int) -> AbAlignment | None:
    """Return where a file lies in another's time; None where it is not found there.

    Args:
        anchor: The file that stays.
        other: The file to be moved.
        sample_rate_hz: In whose samples it is told.
    """
    found = find_offset(
        lambda start_s, length_s: passage(anchor.path, sample_rate_hz, start_s, length_s),
        lambda start_s, length_s: passage(other.path, sample_rate_hz, start_s, length_s),
        (anchor.seconds, other.seconds),
        likely_offsets(anchor.onsets, other.onsets),
        sample_rate_hz,
    )
    if found is None:
        return None
    samples = round(found.seconds * sample_rate_hz)
    return AbAlignment(
        aligned=True,
        offset_samples=samples,
        offset_ms=found.seconds * 1e3,
        fraction_samples=found.seconds * sample_rate_hz - samples,
        drift_ppm=found.drift_ppm,
        polarity_inverted=found.inverted,
        similarity=found.similarity,
    )


def not_found(path: Path, anchor: Path) -> UsageError:
    """Return the error for a version that is not found in the first one's time."""
    return UsageError(
        shown(path),
        f"it does not seem to be a version of {shown(anchor.name)}: within "
        f"{LARGEST_OFFSET_S:g} s, nothing in it lies where the same thing lies there",
        "--no-align compares them as they lie; --reference takes another song",
    )


def said_of(found: AbAlignment, sample_rate_hz: int, seconds: float) -> list[str]:
    """Return what is worth telling about a version's time."""
    said = []
    moved = found.offset_samples
    if moved:
        way = "later" if moved > 0 else "earlier"
        plural = "" if abs(moved) == 1 else "s"
        ms = abs(moved) / sample_rate_hz * 1e3
        said.append(f"it starts {abs(moved)} sample{plural} ({ms:.2f} ms) {way}: moved")
    if found.similarity is not None and abs(found.fraction_samples) >= _TOLD_S:
        said.append(
            f"{found.fraction_samples:+.2f} samples are left, which cannot be moved without "
            "changing the sound"
        )
    if found.drift_ppm is not None and abs(found.drift_ppm) >= _TOLD_PPM:
        way = "faster" if found.drift_ppm > 0.0 else "slower"
        ms = abs(found.drift_ppm) * 1e-3 * seconds
        said.append(
            f"its time runs {abs(found.drift_ppm):.1f} ppm {way}: {ms:.2f} ms over the whole song"
        )
    if found.polarity_inverted:
        said.append("its polarity is inverted")
    return said


@dataclass(frozen=True, slots=True)
class Span:
    """A version's place: frames at the session's rate, in the first file's time.

    Attributes:
        name: The version.
        start: Where it begins.
        stop: Where it ends.
    """

    name: str
    start: int
    stop: int


def shared_span(spans: Sequence[Span], sample_rate_hz: int, *, asked: bool) -> tuple[int, int]:
    """Return from where to where all versions go.

    Args:
        spans: Of the versions that are aligned; at least one.
        sample_rate_hz: The session's rate.
        asked: Whether a part was asked for: then any common part will do.

    Raises:
        UsageError: When they have too little in common.
    """
    start = max(0, *(span.start for span in spans))
    stop = min(span.stop for span in spans)
    longest = max(spans, key=lambda span: span.stop - span.start)
    length = longest.stop - longest.start
    if stop - start < (1 if asked else LEAST_SHARED * length):
        shortest = min(spans, key=lambda span: span.stop - span.start)
        lengths = [(span.stop - span.start) / sample_rate_hz for span in (longest, shortest)]
        common = max(0, stop - start) / sample_rate_hz
        raise UsageError(
            shortest.name,
            f"{longest.name} is {lengths[0]:.1f} s long, {shortest.name} {lengths[1]:.1f} s, and "
            f"all versions share {common:.1f} s",
            "--from and --to name a part that all of them have",
        )
    return start, stop


def said_of_ends(span: Span, start: int, stop: int, sample_rate_hz: int) -> list[str]:
    """Return what of a version is not heard, where all is heard that they share."""
    said = []
    before = (start - max(0, span.start)) / sample_rate_hz
    after = (span.stop - stop) / sample_rate_hz
    if before >= _TOLD_S:
        said.append(f"its first {before:.2f} s are not heard: others begin later")
    if after >= _TOLD_S:
        said.append(f"its last {after:.2f} s are not heard: others end sooner")
    return said
