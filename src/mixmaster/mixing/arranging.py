"""From regions as declared to pieces on the session's frames, with every mistake named."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mixmaster.audio.convert import converted_frames
from mixmaster.audio.names import shown
from mixmaster.audio.source import AudioInfo, probe
from mixmaster.documents.tempo import PositionError, TempoMap
from mixmaster.dsp.fades import Shape
from mixmaster.errors import AudioFileError, DocumentError, Problem
from mixmaster.mixing.arranged import Arranged, Fade, FileMaterial, Piece
from mixmaster.mixing.regions import Arrangement, Region
from mixmaster.units import db_to_gain, ms_to_samples

DECLICK_MS = 2.0
"""The fade at a cut where none is given."""

_SHORT = 4
"""That fade is at most this fraction of the region."""

TOUCH_S = 1e-3
"""Edges that are this near to each other touch: times are written in milliseconds, if not finer."""


@dataclass(frozen=True, slots=True)
class Studio:
    """What regions are resolved with.

    Attributes:
        sample_rate_hz: The session's rate.
        tempo: Where bars and beats lie.
        where: The document, for errors.
        strict: Whether a file that is shorter than its header says is an error.
    """

    sample_rate_hz: int
    tempo: TempoMap
    where: str
    strict: bool = False


def arrange(
    arrangements: Mapping[Path, Arrangement], infos: Mapping[Path, AudioInfo], studio: Studio
) -> dict[Path, Arranged]:
    """Resolve the regions of all stems.

    Args:
        arrangements: The regions of those files that have any.
        infos: The stems' files.
        studio: What they are resolved with.

    Raises:
        DocumentError: For regions that cannot be: all of them, each with what would be right.
    """
    problems: list[Problem] = []
    found = {}
    for path, arrangement in arrangements.items():
        if path not in infos:
            continue
        resolver = _Resolver(arrangement, infos[path], studio)
        arranged = resolver.resolve()
        problems += resolver.problems
        if arranged is not None:
            found[path] = arranged
    if problems:
        raise DocumentError(studio.where, tuple(problems))
    return found


@dataclass(slots=True)
class _Placed:
    """A region under way.

    Attributes:
        number: Its number in the document, from 1.
        region: What is declared.
        info: Its file.
        from_frame: Where it begins in its file.
        start: Where it begins in the session, without crossfades.
        stop: Where it ends.
        piece: What it becomes.
    """

    number: int
    region: Region
    info: AudioInfo
    from_frame: int
    start: int
    stop: int
    piece: Piece

    def in_step(self, other: _Placed) -> bool:
        """Whether both are pieces of one recording that lie in step: the same sound."""
        return (
            self.info.path == other.info.path
            and self.start - self.from_frame == other.start - other.from_frame
        )


class _Resolver:
    """Resolves one stem's regions.

    Args:
        arrangement: The regions.
        info: The stem's own file.
        studio: What they are resolved with.
    """

    def __init__(self, arrangement: Arrangement, info: AudioInfo, studio: Studio) -> None:
        self.problems: list[Problem] = []
        self._arrangement = arrangement
        self._info = info
        self._studio = studio
        self._rate = studio.sample_rate_hz
        self._own_frames = self._frames_of(info)
        self._fixes = arrangement.mode == "fix"

    def resolve(self) -> Arranged | None:
        """Return what the stem becomes; None where nothing comes of it but problems."""
        used = [
            (number, region)
            for number, region in enumerate(self._arrangement.regions, start=1)
            if region.use
        ]
        placed = [found for number, region in used if (found := self._place(number, region))]
        placed.sort(key=lambda each: each.start)
        self._join(placed)
        for each in placed:
            self._check(each)
        if self.problems:
            return None
        pieces = tuple(each.piece for each in placed)
        ends = [piece.stop for piece in pieces]
        takes = {each.info.path: each.info for each in placed if each.info is not self._info}
        return Arranged(
            info=self._info,
            sample_rate_hz=self._rate,
            base=self._material(self._info) if self._fixes else None,
            pieces=pieces,
            frames=max([*ends, self._own_frames if self._fixes else 0], default=0),
            takes=tuple(takes.values()),
            declared=self._arrangement,
        )

    def _frames_of(self, info: AudioInfo) -> int:
        return converted_frames(info.frames, info.sample_rate_hz, self._rate)

    def _material(self, info: AudioInfo) -> FileMaterial:
        return FileMaterial(info, self._rate, self._studio.strict)

    def _problem(self, number: int, key: str, reason: str, hint: str = "") -> None:
        self.problems.append(
            Problem(f"{self._arrangement.key}.region.{number}.{key}", reason, hint)
        )

    def _place(self, number: int, region: Region) -> _Placed | None:
        """Return where a region lies in its file and in the session, or None with a problem."""
        before = len(self.problems)
        info = self._file(number, region)
        from_s = self._seconds(number, region, "from")
        to_s = self._seconds(number, region, "to")
        at_s = self._seconds(number, region, "at")
        if info is None or len(self.problems) > before:
            return None
        frames = self._frames_of(info)
        first = 0 if from_s is None else round(from_s * self._rate)
        stop = frames if to_s is None else round(to_s * self._rate)
        name = shown(info.path.name)
        lasts = f"{name} lasts {frames / self._rate:.4f} s"
        if first >= frames:
            reason = f"it begins at {first / self._rate:g} s, beyond the end of its file"
            self._problem(number, _given(region, "from"), reason, lasts)
            return None
        if stop > frames + 1:
            reason = f"it ends at {stop / self._rate:g} s, beyond the end of its file"
            self._problem(number, _given(region, "to"), reason, lasts)
            return None
        stop = min(stop, frames)
        if not stop > first:
            reason = f"it ends at {stop / self._rate:g} s, not after its beginning"
            self._problem(number, _given(region, "to"), reason, f"{first / self._rate:g} s or more")
            return None
        start = first if at_s is None else round(at_s * self._rate)
        end = start + stop - first
        gain = db_to_gain(region.gain_db) * (-1.0 if region.polarity else 1.0)
        piece = Piece(
            start=start,
            stop=end,
            material=None if region.mute else self._material(info),
            first=first,
            gain=gain,
        )
        placed = _Placed(number, region, info, first, start, end, piece)
        fades = (
            self._edge(placed, start=True, natural=self._begins_by_itself(placed)),
            self._edge(placed, start=False, natural=self._ends_by_itself(placed, frames)),
        )
        placed.piece = replace(piece, fade_in=fades[0], fade_out=fades[1])
        return placed

    def _file(self, number: int, region: Region) -> AudioInfo | None:
        """Return a region's file, or None with a problem."""
        if region.file is None:
            return self._info
        path = self._arrangement.takes[region.file]
        if os.path.realpath(path) == os.path.realpath(self._info.path):
            return self._info
        try:
            info = probe(path)
        except AudioFileError as error:
            self._problem(number, "file", f"'{region.file}': {error.reason}", error.hint)
            return None
        if info.channels != self._info.channels:
            reason = f"'{region.file}' has {_channels(info)}, the stem {_channels(self._info)}"
            self._problem(number, "file", reason, "takes of one stem have the same channels")
            return None
        return info

    def _seconds(self, number: int, region: Region, place: str) -> float | None:
        bar = getattr(region, f"{place}_bar")
        if bar is None:
            seconds: float | None = getattr(region, f"{place}_s")
            return seconds
        try:
            return self._studio.tempo.seconds(bar)
        except PositionError as error:
            self._problem(number, f"{place}_bar", error.reason, error.hint)
            return None

    def _begins_by_itself(self, placed: _Placed) -> bool:
        """Whether nothing is cut at a region's beginning, so that nothing can click there."""
        return placed.start == 0 or (placed.from_frame == 0 and not self._fixes)

    def _ends_by_itself(self, placed: _Placed, frames: int) -> bool:
        length = placed.stop - placed.start
        at_end = placed.from_frame + length >= frames
        return at_end and (not self._fixes or placed.stop >= self._own_frames)

    def _edge(self, placed: _Placed, *, start: bool, natural: bool) -> Fade:
        """Return how a region comes or goes where it is not crossfaded."""
        region = placed.region
        length_ms = region.fade_in_ms if start else region.fade_out_ms
        shape = region.fade_in_shape if start else region.fade_out_shape
        if shape is None:
            shape = "linear"
            if self._fixes and not self._is_own_sound(placed):
                shape = "equal_power"
        if length_ms is not None:
            return Fade(round(ms_to_samples(length_ms, self._rate)), shape)
        if natural:
            return Fade(0, shape)
        short = (placed.stop - placed.start) // _SHORT
        return Fade(min(short, round(ms_to_samples(DECLICK_MS, self._rate))), shape)

    def _is_own_sound(self, placed: _Placed) -> bool:
        """Whether a fix is what the stem plays there anyway, but for its level."""
        in_place = placed.info is self._info and placed.start == placed.from_frame
        return placed.region.mute or in_place

    def _join(self, placed: list[_Placed]) -> None:
        """Crossfade neighbours that say so; name those that overlap and do not."""
        touch = max(1, round(TOUCH_S * self._rate))
        before: _Placed | None = None
        for each in placed:
            wants = each.region.crossfade_ms is not None
            gap = None if before is None else each.start - before.stop
            if before is None or gap is None or gap > touch:
                if wants:
                    reason = "no region ends where it begins"
                    if gap is not None and before is not None:
                        reason += f": region {before.number} ends {gap / self._rate:g} s before"
                    hint = "let the region before end there or later, or give a fade_in_ms"
                    self._problem(each.number, "crossfade_ms", reason, hint)
            elif each.stop < before.stop:
                self._inside(each, before)
                continue
            elif wants:
                length_ms = each.region.crossfade_ms or 0.0
                if before.region.fade_out_ms is not None:
                    reason = f"region {each.number} is crossfaded out of it, too"
                    hint = f"give one of its fade_out_ms and crossfade_ms of region {each.number}"
                    self._problem(before.number, "fade_out_ms", reason, hint)
                self._cross(before, each, round(ms_to_samples(length_ms, self._rate)))
            elif gap < -touch:
                self._overlap(each, before)
            else:
                self._touch(before, each)
            before = each

    def _touch(self, before: _Placed, each: _Placed) -> None:
        """Join neighbours without a click where neither says how; their edges are one."""
        if before.region.fade_out_ms is None and each.region.fade_in_ms is None:
            shorter = min(before.stop - before.start, each.stop - each.start)
            wanted = min(round(ms_to_samples(DECLICK_MS, self._rate)), shorter // _SHORT)
            spare = self._frames_of(before.info) - before.from_frame - before.stop + before.start
            half = min(wanted // 2, each.from_frame, spare)
            if half > 0:
                self._cross(before, each, 2 * half)
                return
        # What overlaps is a rounding's worth: the earlier one ends where the later one begins.
        before.stop = min(before.stop, each.start)
        before.piece = replace(before.piece, stop=before.stop)

    def _cross(self, before: _Placed, each: _Placed, length: int) -> None:
        """Let a region turn into the next one, half before and half after their middle."""
        start = (before.stop + each.start - length) // 2
        shape: Shape = "linear" if before.in_step(each) else "equal_power"
        before.piece = replace(before.piece, stop=start + length, fade_out=Fade())
        each.piece = replace(
            each.piece,
            start=start,
            first=each.piece.first + start - each.piece.start,
            fade_in=Fade(length, each.region.crossfade_shape or shape),
        )

    def _overlap(self, each: _Placed, before: _Placed) -> None:
        length = before.stop - each.start
        lasts_ms = 1e3 * length / self._rate
        reason = (
            f"it overlaps region {before.number} by {lasts_ms:.4g} ms, from "
            f"{each.start / self._rate:.6g} s to {before.stop / self._rate:.6g} s"
        )
        hint = (
            f"crossfade_ms = {lasts_ms:.4g} crossfades all of it; or let region {before.number} "
            f"end {lasts_ms:.4g} ms earlier"
        )
        self._problem(each.number, _given(each.region, "at"), reason, hint)

    def _inside(self, each: _Placed, before: _Placed) -> None:
        reason = (
            f"it lies inside region {before.number}, which plays from "
            f"{before.start / self._rate:.6g} s to {before.stop / self._rate:.6g} s"
        )
        hint = f"split region {before.number} in two around it"
        self._problem(each.number, _given(each.region, "at"), reason, hint)

    def _check(self, placed: _Placed) -> None:
        """Name fades that are longer than their region, and crossfades that lack sound."""
        piece, region = placed.piece, placed.region
        faded = piece.fade_in.frames + piece.fade_out.frames
        whole = piece.stop - piece.start
        if faded > whole:
            long_ms, ms = (1e3 * frames / self._rate for frames in (faded, whole))
            reason = f"its fades take {long_ms:.4g} ms, it lasts {ms:.4g} ms"
            key = "fade_in_ms" if region.fade_in_ms is not None else "fade_out_ms"
            key = "crossfade_ms" if region.crossfade_ms is not None else key
            self._problem(placed.number, key, reason, "shorten them")
        if piece.material is None or placed.piece.start < 0:
            if placed.piece.start < 0:
                reason = "the crossfade begins before the song"
                self._problem(placed.number, "crossfade_ms", reason)
            return
        name = shown(placed.info.path.name)
        if piece.first < 0:
            short_ms = 1e3 * -piece.first / self._rate
            reason = f"{name} would have to begin {short_ms:.4g} ms earlier for this crossfade"
            hint = f"let the region begin {short_ms:.4g} ms later, or shorten the crossfade"
            self._problem(placed.number, "crossfade_ms", reason, hint)
        over = piece.first + piece.stop - piece.start - self._frames_of(placed.info)
        if over > 1:
            short_ms = 1e3 * over / self._rate
            reason = f"{name} ends {short_ms:.4g} ms before the crossfade into the next region does"
            hint = f"let it end {short_ms:.4g} ms earlier, or shorten that crossfade"
            self._problem(placed.number, _given(region, "to"), reason, hint)


def _given(region: Region, place: str) -> str:
    """Return the key by which a region says a place."""
    return f"{place}_bar" if getattr(region, f"{place}_bar") is not None else f"{place}_s"


def _channels(info: AudioInfo) -> str:
    return f"{info.channels} channel{'' if info.channels == 1 else 's'}"
