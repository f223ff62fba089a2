"""How regions of one stem join: crossfaded where they say so, without a click where they touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mixmaster.audio.names import shown
from mixmaster.dsp.fades import Shape
from mixmaster.mixing.regions.arranged import Fade
from mixmaster.mixing.regions.placed import Placed, Tell, given_key
from mixmaster.units import ms_to_samples

DECLICK_MS = 2.0
"""The fade at a cut where none is given, and the crossfade of regions that touch."""

SHORT = 4
"""That fade is at most this fraction of the region."""

TOUCH_S = 1e-3
"""Edges that are this near to each other touch: times are written in milliseconds, if not finer."""


class Joiner:
    """Joins neighbours.

    Args:
        sample_rate_hz: The session's rate.
        tell: Told of problems.
    """

    def __init__(self, sample_rate_hz: int, tell: Tell) -> None:
        self._rate = sample_rate_hz
        self._tell = tell

    def join(self, placed: Sequence[Placed]) -> None:
        """Crossfade neighbours that say so; name those that overlap and do not.

        Args:
            placed: The regions, in the order of time; their pieces are changed.
        """
        touch = max(1, round(TOUCH_S * self._rate))
        before: Placed | None = None
        for each in placed:
            wants = each.region.crossfade_ms is not None
            gap = None if before is None else each.start - before.stop
            if before is None or gap is None or gap > touch:
                if wants:
                    self._alone(each, before)
            elif each.stop < before.stop:
                self._inside(each, before)
                continue
            elif wants:
                self._wanted(before, each)
            elif gap < -touch:
                self._overlap(each, before)
            else:
                self._touch(before, each)
            before = each
        for each in placed:
            self._check(each)

    def _wanted(self, before: Placed, each: Placed) -> None:
        if before.region.fade_out_ms is not None:
            reason = f"region {each.number} is crossfaded out of it, too"
            hint = f"give one of its fade_out_ms and crossfade_ms of region {each.number}"
            self._tell(before.number, "fade_out_ms", reason, hint)
        length_ms = each.region.crossfade_ms or 0.0
        self._cross(before, each, round(ms_to_samples(length_ms, self._rate)))

    def _touch(self, before: Placed, each: Placed) -> None:
        """Join neighbours without a click where neither says how."""
        if before.region.fade_out_ms is None and each.region.fade_in_ms is None:
            shorter = min(before.stop - before.start, each.stop - each.start)
            wanted = min(round(ms_to_samples(DECLICK_MS, self._rate)), shorter // SHORT)
            half = min(wanted // 2, each.room_before, before.room_after)
            if half > 0:
                self._cross(before, each, 2 * half)
                return
        # What overlaps is a rounding's worth: the earlier one ends where the later one begins.
        before.piece = replace(before.piece, stop=min(before.stop, each.start))

    def _cross(self, before: Placed, each: Placed, length: int) -> None:
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

    def _alone(self, each: Placed, before: Placed | None) -> None:
        reason = "no region ends where it begins"
        if before is not None:
            gap_s = (each.start - before.stop) / self._rate
            reason += f": region {before.number} ends {gap_s:g} s before"
        hint = "let the region before end there or later, or give a fade_in_ms"
        self._tell(each.number, "crossfade_ms", reason, hint)

    def _overlap(self, each: Placed, before: Placed) -> None:
        lasts_ms = 1e3 * (before.stop - each.start) / self._rate
        reason = (
            f"it overlaps region {before.number} by {lasts_ms:.4g} ms, from "
            f"{each.start / self._rate:.6g} s to {before.stop / self._rate:.6g} s"
        )
        hint = (
            f"crossfade_ms = {lasts_ms:.4g} crossfades all of it; or let region {before.number} "
            f"end {lasts_ms:.4g} ms earlier"
        )
        self._tell(each.number, given_key(each.region, "at"), reason, hint)

    def _inside(self, each: Placed, before: Placed) -> None:
        reason = (
            f"it lies inside region {before.number}, which plays from "
            f"{before.start / self._rate:.6g} s to {before.stop / self._rate:.6g} s"
        )
        hint = f"split region {before.number} in two around it"
        self._tell(each.number, given_key(each.region, "at"), reason, hint)

    def _check(self, placed: Placed) -> None:
        """Name fades that are longer than their region, and crossfades that lack sound."""
        piece, region = placed.piece, placed.region
        faded = piece.fade_in.frames + piece.fade_out.frames
        whole = piece.stop - piece.start
        if faded > whole:
            long_ms, ms = (1e3 * frames / self._rate for frames in (faded, whole))
            reason = f"its fades take {long_ms:.4g} ms, it lasts {ms:.4g} ms"
            key = "fade_in_ms" if region.fade_in_ms is not None else "fade_out_ms"
            key = "crossfade_ms" if region.crossfade_ms is not None else key
            self._tell(placed.number, key, reason, "shorten them")
        if piece.start < 0:
            self._tell(placed.number, "crossfade_ms", "it would begin before the song", "")
        if piece.material is None:
            return
        name = shown(placed.source.info.path.name)
        lacks = placed.start - piece.start - placed.room_before
        if lacks > 0:
            lacks_ms = 1e3 * lacks / self._rate
            reason = f"{name} would have to begin {lacks_ms:.4g} ms earlier for this crossfade"
            hint = f"let the region begin {lacks_ms:.4g} ms later, or shorten the crossfade"
            self._tell(placed.number, "crossfade_ms", reason, hint)
        lacks = piece.stop - placed.stop - placed.room_after
        if lacks > 1:  # a file's end may be a rounding away
            lacks_ms = 1e3 * lacks / self._rate
            reason = f"{name} ends {lacks_ms:.4g} ms before the crossfade into the next region does"
            hint = f"let it end {lacks_ms:.4g} ms earlier, or shorten that crossfade"
            self._tell(placed.number, given_key(region, "to"), reason, hint)
