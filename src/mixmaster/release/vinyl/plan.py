"""A record planned from lengths alone: its sides, where tracks begin, and what is too long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mixmaster.checking.findings import Finding
from mixmaster.errors import UsageError
from mixmaster.release.discs.sequence import Laid
from mixmaster.release.vinyl.record import Vinyl, VinylTrack
from mixmaster.release.vinyl.sides import choose_sides, letter
from mixmaster.results import Result


@dataclass(frozen=True, slots=True)
class Band(Result):
    """A track's place on its side.

    Attributes:
        track: Its place among the tracks, from 1.
        position: What it is called: A1, A2, B1.
        start_frame: Its first frame, counted from the side's.
        frames: Its length.
        gap_frames: Silence before it.
        crossfade_frames: How long it overlaps with the one before.
    """

    track: int
    position: str
    start_frame: int
    frames: int
    gap_frames: int
    crossfade_frames: int


@dataclass(frozen=True, slots=True)
class Side(Result):
    """A side.

    Attributes:
        letter: A, B, C ...
        bands: Its tracks.
        frames: Its length, from the first track's first frame to the last one's last.
    """

    letter: str
    bands: tuple[Band, ...]
    frames: int


@dataclass(frozen=True, slots=True)
class VinylPlan(Result):
    """A record as it will be.

    Attributes:
        sample_rate_hz: The rate of its sides.
        sides: Its sides.
        findings: What is wrong, the sides' lengths first.
    """

    sample_rate_hz: int
    sides: tuple[Side, ...]
    findings: tuple[Finding, ...]

    def require(self) -> None:
        """Raise unless the record can be made.

        Raises:
            UsageError: With every error that was found.
        """
        errors = [finding for finding in self.findings if finding.severity == "error"]
        if errors:
            said = "; ".join(f"{finding.file}: {finding.text}" for finding in errors)
            raise UsageError("vinyl", said, errors[0].advice)


def plan_vinyl(
    tracks: Sequence[VinylTrack], vinyl: Vinyl, frames: Sequence[int], sample_rate_hz: int
) -> VinylPlan:
    """Return a record's plan, before there is any audio.

    Args:
        tracks: The tracks, in order.
        vinyl: The record.
        frames: Their lengths.
        sample_rate_hz: The rate of all of them.

    Raises:
        UsageError: Without tracks, or for sides that do not follow each other.
    """
    if not tracks:
        raise UsageError("vinyl", "a record without tracks", "name one at least")
    lengths_s = [length / sample_rate_hz for length in frames]
    chosen = choose_sides(tracks, vinyl, lengths_s)
    joins = [_join_frames(track, vinyl, sample_rate_hz) for track in tracks]
    sides = tuple(
        _side(letter(number), places, frames, joins) for number, places in enumerate(chosen)
    )
    findings = (
        *_of_sides(vinyl, sides, sample_rate_hz),
        *_of_joins(tracks, sides, sample_rate_hz),
    )
    return VinylPlan(sample_rate_hz, sides, findings)


def side_files(tracks: Sequence[VinylTrack], side: Side) -> tuple[Laid, ...]:
    """Return the files of a side in their places."""
    laid: list[Laid] = []
    for band in side.bands:
        track = tracks[band.track - 1]
        fade, law = band.crossfade_frames, track.crossfade_law
        laid.append(Laid(track.source, band.start_frame, band.frames, fade, law))
    return tuple(laid)


def clock(seconds: float) -> str:
    """Return a time as ``MM:SS.mmm``."""
    milliseconds = round(seconds * 1e3)
    return f"{milliseconds // 60_000:02d}:{milliseconds // 1000 % 60:02d}.{milliseconds % 1000:03d}"


def _join_frames(track: VinylTrack, vinyl: Vinyl, rate: int) -> int:
    """Return the silence before a track in frames; negative where it overlaps."""
    if track.crossfade_s > 0.0:
        return -round(track.crossfade_s * rate)
    return round((vinyl.gap_s if track.gap_s is None else track.gap_s) * rate)


def _side(name: str, places: Sequence[int], frames: Sequence[int], joins: Sequence[int]) -> Side:
    bands: list[Band] = []
    end = 0
    for number, place in enumerate(places, start=1):
        join = joins[place] if bands else 0
        if join < 0:
            join = -min(-join, bands[-1].frames, frames[place])
        start = end + join
        bands.append(
            Band(place + 1, f"{name}{number}", start, frames[place], max(0, join), max(0, -join))
        )
        end = start + frames[place]
    return Side(name, tuple(bands), end)


def _of_sides(vinyl: Vinyl, sides: Sequence[Side], rate: int) -> Iterator[Finding]:
    kind = f"{vinyl.diameter_in} inch at {vinyl.speed_rpm} rpm"
    for side in sides:
        length_s = side.frames / rate
        if length_s <= vinyl.full_level_s:
            continue
        level_db = vinyl.level_db(length_s)
        if level_db is None:
            cost = "no cutting house will be glad of it"
        elif level_db > -0.5:
            cost = "it is at the edge of what full level allows"
        else:
            cost = f"it will be cut some {-level_db:.0f} dB quieter"
        full = clock(vinyl.full_level_s)[:5]
        text = f"it lasts {clock(length_s)}, {kind} holds {full} at full level: {cost}"
        advice = "fewer or shorter tracks a side, more sides, or a larger or slower record"
        yield _warning("vinyl_side_long", f"side {side.letter}", text, advice, length_s)
    if len(sides) % 2 and len(sides) > 1:
        text = f"{len(sides)} sides leave the last record with an empty one"
        yield _warning("vinyl_sides", "record", text, "an etching, or tracks spread over all sides")


def _of_joins(tracks: Sequence[VinylTrack], sides: Sequence[Side], rate: int) -> Iterator[Finding]:
    for side in sides:
        first = side.bands[0]
        if tracks[first.track - 1].joined and first.track > 1:
            text = "its join to the track before falls between two sides: it begins on its own"
            advice = "fade it in by hand, or choose sides that do not part the two"
            yield _warning("vinyl_join", first.position, text, advice)
        for before, band in zip(side.bands, side.bands[1:], strict=False):
            asked = round(tracks[band.track - 1].crossfade_s * rate)
            if asked > band.crossfade_frames or (
                before.crossfade_frames + band.crossfade_frames > before.frames
            ):
                text = f"a crossfade of {asked / rate:g} s does not fit between its neighbours"
                advice = "it may only overlap with one track, and no other crossfade"
                yield Finding("error", "vinyl_join", band.position, None, None, "", text, advice)


def _warning(
    code: str, where: str, text: str, advice: str, length_s: float | None = None
) -> Finding:
    unit = "" if length_s is None else "s"
    return Finding("warning", code, where, None, length_s, unit, text, advice)
