"""Placing: every version in the first file's time, and which part of it is heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mixmaster.audio.extracts import Extract
from mixmaster.comparing.levels import LevelMeter, loudest_stretch
from mixmaster.comparing.sources import ComparePlan
from mixmaster.comparing.timing import (
    Span,
    Timed,
    align,
    in_step,
    left_alone,
    not_found,
    said_of,
    said_of_ends,
    shared_span,
)
from mixmaster.comparing.tracks import Track
from mixmaster.errors import UsageError
from mixmaster.metering.loudness import SLICES_PER_SECOND
from mixmaster.pages.ab.data import AbAlignment


@dataclass(slots=True)
class Placed:
    """A version with its place in time.

    Attributes:
        track: The version.
        alignment: How it lay.
        span: From where to where it goes in the first file's time.
        adrift: Whether it has no place there: another song.
    """

    track: Track
    alignment: AbAlignment
    span: Span
    adrift: bool


class Placer:
    """Places versions.

    Args:
        plan: What is compared.
        anchor: The file in whose time the others lie.
    """

    def __init__(self, plan: ComparePlan, anchor: Timed) -> None:
        self._plan = plan
        self._anchor = anchor
        self._rate = plan.sample_rate_hz

    def place(self, track: Track) -> Placed:
        """Return where a version lies; what is worth telling goes to its notes.

        Raises:
            UsageError: For a version that is not found there.
        """
        anchor = self._anchor
        wanted, rate = track.wanted, self._rate
        seconds = track.frames / track.sample_rate_hz
        found: AbAlignment | None = in_step()
        if wanted.kind != "master" and wanted.path != anchor.path:
            found = left_alone()
            if self._plan.options.align:
                assert track.onsets is not None
                other = Timed(track.path, seconds, track.onsets.result())
                found = align(anchor, other, rate)
        adrift = found is None
        if found is None:
            if wanted.kind != "reference":
                raise not_found(wanted.path, anchor.path)
            found = left_alone()
            track.notes.append("it is another song, or another recording: it is not aligned")
        track.notes += said_of(found, rate, seconds)
        length = round(seconds * rate)
        span = Span(wanted.name, -found.offset_samples, length - found.offset_samples)
        return Placed(track, found, span, adrift)

    def passage(self, placed: Sequence[Placed]) -> tuple[int, int]:
        """Return from which frame to which is heard, in the first file's time.

        Raises:
            UsageError: When the versions have too little in common, or not what was asked for.
        """
        section = self._plan.options.section
        spans = [each.span for each in placed if not each.adrift]
        spans = spans or [each.span for each in placed]
        start, stop = shared_span(spans, self._rate, asked=section is not None)
        if section is None:
            for each in placed:
                if not each.adrift:
                    each.track.notes += said_of_ends(each.span, start, stop, self._rate)
            return start, stop
        if section.loudest_s is not None:
            length = min(stop - start, round(section.loudest_s * self._rate))
            whole = Extract(self._plan.anchor, self._rate, start, stop - start)
            start += self._loudest(whole, length)
            return start, start + length
        first = round(section.from_s * self._rate)
        last = stop if section.to_s is None else round(section.to_s * self._rate)
        if not start <= first < stop or last > stop:
            shared = f"{start / self._rate:.2f} s to {stop / self._rate:.2f} s"
            raise UsageError(
                "", "the section is not in all versions", f"they share {shared}; check its ends"
            )
        return first, last

    def _loudest(self, extract: Extract, frames: int) -> int:
        """Return where the loudest stretch of so many frames begins, counted from the extract."""
        meter = LevelMeter(self._rate)
        for block in extract.blocks():
            meter.update(block)
        powers = meter.result(None, None).powers
        slices = max(1, round(frames * SLICES_PER_SECOND / self._rate))
        first = loudest_stretch(powers, slices) * self._rate // SLICES_PER_SECOND
        return max(0, min(first, extract.frames - frames))

    def extract(self, placed: Placed, start: int, stop: int) -> Extract:
        """Return what is heard of a version."""
        track = placed.track
        frames = stop - start
        if not placed.adrift:
            first = start + placed.alignment.offset_samples
            return Extract(track.path, self._rate, first, frames)
        length = placed.span.stop - placed.span.start
        whole = Extract(track.path, self._rate, 0, length)
        if self._plan.options.section is None or length <= frames:
            if length < frames:
                track.notes.append(f"it ends after {length / self._rate:.1f} s: silence follows")
            return replace(whole, frames=frames)
        first = self._loudest(whole, frames)
        track.notes.append(f"its own loudest part is heard, from {first / self._rate:.1f} s")
        return replace(whole, start=first, frames=frames)
