"""From regions as declared to pieces on the session's frames, with every mistake named."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mixmaster.audio.convert import converted_frames
from mixmaster.audio.names import shown
from mixmaster.audio.source import AudioInfo, probe
from mixmaster.documents.tempo import PositionError, TempoMap
from mixmaster.dsp.fades import Shape
from mixmaster.effects.stretching import MAX_SAMPLES
from mixmaster.errors import AudioFileError, DocumentError, Problem
from mixmaster.mixing.regions.arranged import Arranged, Fade, FileMaterial, Piece
from mixmaster.mixing.regions.declared import MAX_STRETCH, MIN_STRETCH, Arrangement, Region
from mixmaster.mixing.regions.joining import DECLICK_MS, SHORT, Joiner
from mixmaster.mixing.regions.placed import Placed, given_key
from mixmaster.mixing.regions.spooling import Spool, Spooling, spool_all
from mixmaster.units import db_to_gain, ms_to_samples


@dataclass(frozen=True, slots=True)
class Studio:
    """What regions are resolved with.

    Attributes:
        sample_rate_hz: The session's rate.
        tempo: Where bars and beats lie.
        where: The document, for errors.
        strict: Whether a file that is shorter than its header says is an error.
        threads: How many share the work of stretching.
        tell: Told how far that is, 0 to 1.
    """

    sample_rate_hz: int
    tempo: TempoMap
    where: str
    strict: bool = False
    threads: int = 1
    tell: Callable[[float], None] = lambda _share: None


def arrange(
    arrangements: Mapping[Path, Arrangement], infos: Mapping[Path, AudioInfo], studio: Studio
) -> dict[Path, Arranged]:
    """Resolve the regions of all stems; what is stretched is made once, for all that read it.

    Args:
        arrangements: The regions of those files that have any.
        infos: The stems' files.
        studio: What they are resolved with.

    Raises:
        DocumentError: For regions that cannot be: all of them, each with what would be right.
        OutputError: Where the temporary folder lacks room for what is stretched.
        AudioFileError: For a file that turns out to be damaged as it is stretched.
        SignalError: For NaN or infinity in it.
    """
    resolvers = {
        path: _Resolver(arrangement, infos[path], studio)
        for path, arrangement in arrangements.items()
        if path in infos
    }
    placed = {path: resolver.place() for path, resolver in resolvers.items()}
    problems = [each for resolver in resolvers.values() for each in resolver.problems]
    if problems:
        raise DocumentError(studio.where, tuple(problems))
    wanted = [
        spooling
        for regions in placed.values()
        for each in regions
        if (spooling := each.spooling()) is not None
    ]
    spools = spool_all(wanted, studio.threads, studio.tell)
    return {path: resolver.finish(placed[path], spools) for path, resolver in resolvers.items()}


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

    def place(self) -> list[Placed]:
        """Return the regions that are used in the order of time, joined."""
        used = [
            (number, region)
            for number, region in enumerate(self._arrangement.regions, start=1)
            if region.use
        ]
        placed = [found for number, region in used if (found := self._place(number, region))]
        placed.sort(key=lambda each: each.start)
        Joiner(self._rate, self._problem).join(placed)
        return placed

    def finish(self, placed: list[Placed], spools: Mapping[Spooling, Spool]) -> Arranged:
        """Return what the stem becomes.

        Args:
            placed: Its regions.
            spools: What they asked for.
        """
        pieces = []
        for each in placed:
            spooling = each.spooling()
            pieces.append(each.piece if spooling is None else each.over(spools[spooling]))
        files = [each.source.info for each in placed]
        takes = {info.path: info for info in files if info.path != self._info.path}
        ends = [piece.stop for piece in pieces]
        return Arranged(
            info=self._info,
            sample_rate_hz=self._rate,
            base=self._source(self._info) if self._fixes else None,
            pieces=tuple(pieces),
            frames=max([*ends, self._own_frames if self._fixes else 0], default=0),
            takes=tuple(takes.values()),
            declared=self._arrangement,
        )

    def _frames_of(self, info: AudioInfo) -> int:
        return converted_frames(info.frames, info.sample_rate_hz, self._rate)

    def _source(self, info: AudioInfo) -> FileMaterial:
        return FileMaterial(info, self._rate, self._studio.strict)

    def _problem(self, number: int, key: str, reason: str, hint: str = "") -> None:
        self.problems.append(
            Problem(f"{self._arrangement.key}.region.{number}.{key}", reason, hint)
        )

    def _place(self, number: int, region: Region) -> Placed | None:
        """Return where a region lies in its file and in the session, or None with a problem."""
        before = len(self.problems)
        info = self._file(number, region)
        at_s = self._seconds(number, region, "at")
        until_s = self._seconds(number, region, "until")
        extent = None if info is None else self._extent(number, region, info)
        if info is None or extent is None or len(self.problems) > before:
            return None
        first, frames = extent
        start = first if at_s is None else round(at_s * self._rate)
        length = self._length(number, region, frames, start, until_s)
        if length is None:
            return None
        piece = Piece(
            start=start,
            stop=start + length,
            material=None if region.mute else self._source(info),
            first=first,
            gain=db_to_gain(region.gain_db) * (-1.0 if region.polarity else 1.0),
        )
        placed = Placed(
            number=number,
            region=region,
            source=self._source(info),
            file_frames=self._frames_of(info),
            from_frame=first,
            frames=frames,
            start=start,
            stop=start + length,
            piece=piece,
        )
        if placed.is_stretched and max(frames, length) * info.channels > MAX_SAMPLES:
            most_s = MAX_SAMPLES / info.channels / self._rate
            reason = f"it lasts {max(frames, length) / self._rate:.1f} s, too long to be stretched"
            hint = f"split it at a silence, into pieces of at most {most_s:.0f} s"
            self._problem(number, given_key(region, "to"), reason, hint)
            return None
        placed.piece = replace(
            piece,
            fade_in=self._edge(placed, region.fade_in_ms, region.fade_in_shape, start=True),
            fade_out=self._edge(placed, region.fade_out_ms, region.fade_out_shape, start=False),
        )
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

    def _extent(self, number: int, region: Region, info: AudioInfo) -> tuple[int, int] | None:
        """Return a region's first frame in its file and its length, or None with a problem."""
        from_s = self._seconds(number, region, "from")
        to_s = self._seconds(number, region, "to")
        all_frames = self._frames_of(info)
        first = 0 if from_s is None else round(from_s * self._rate)
        stop = all_frames if to_s is None else round(to_s * self._rate)
        lasts = f"{shown(info.path.name)} lasts {all_frames / self._rate:.4f} s"
        if first >= all_frames:
            reason = f"it begins at {first / self._rate:g} s, beyond the end of its file"
            self._problem(number, given_key(region, "from"), reason, lasts)
            return None
        if stop > all_frames + 1:
            reason = f"it ends at {stop / self._rate:g} s, beyond the end of its file"
            self._problem(number, given_key(region, "to"), reason, lasts)
            return None
        stop = min(stop, all_frames)
        if not stop > first:
            reason = f"it ends at {stop / self._rate:g} s, not after its beginning"
            hint = f"it begins at {first / self._rate:g} s"
            self._problem(number, given_key(region, "to"), reason, hint)
            return None
        return first, stop - first

    def _length(
        self, number: int, region: Region, frames: int, start: int, until_s: float | None
    ) -> int | None:
        """Return how long a region becomes, or None with a problem."""
        if region.stretch is not None:
            return max(1, round(frames * region.stretch))
        if region.length_s is not None:
            key, length = "length_s", round(region.length_s * self._rate)
        elif until_s is not None:
            key, length = "until_bar", round(until_s * self._rate) - start
        else:
            return frames
        if length <= 0:
            reason = f"it would end {-length / self._rate:g} s before it begins"
            self._problem(number, key, reason if length else "it would have no length")
            return None
        # A frame's rounding more or less is still in range.
        if not MIN_STRETCH * frames - 1.0 <= length <= MAX_STRETCH * frames + 1.0:
            reason = f"it would be stretched {length / frames:.4g} times"
            self._problem(number, key, reason, f"{MIN_STRETCH:g} to {MAX_STRETCH:g} are possible")
            return None
        return length

    def _seconds(self, number: int, region: Region, place: str) -> float | None:
        bar = getattr(region, f"{place}_bar")
        if bar is None:
            seconds: float | None = getattr(region, f"{place}_s", None)
            return seconds
        try:
            return self._studio.tempo.seconds(bar)
        except PositionError as error:
            self._problem(number, f"{place}_bar", error.reason, error.hint)
            return None

    def _edge(
        self, placed: Placed, length_ms: float | None, shape: Shape | None, *, start: bool
    ) -> Fade:
        """Return how a region comes or goes where it is not crossfaded."""
        if shape is None:
            shape = "equal_power" if self._fixes and not self._is_own_sound(placed) else "linear"
        if length_ms is not None:
            return Fade(round(ms_to_samples(length_ms, self._rate)), shape)
        natural = self._begins_by_itself(placed) if start else self._ends_by_itself(placed)
        if natural:
            return Fade(0, shape)
        short = (placed.stop - placed.start) // SHORT
        return Fade(min(short, round(ms_to_samples(DECLICK_MS, self._rate))), shape)

    def _begins_by_itself(self, placed: Placed) -> bool:
        """Whether nothing is cut at a region's beginning, so that nothing can click there."""
        return placed.start == 0 or (placed.from_frame == 0 and not self._fixes)

    def _ends_by_itself(self, placed: Placed) -> bool:
        return placed.ends_file and (not self._fixes or placed.stop >= self._own_frames)

    def _is_own_sound(self, placed: Placed) -> bool:
        """Whether a fix is what the stem plays there anyway, but for its level."""
        in_place = placed.source.info is self._info and placed.start == placed.from_frame
        return placed.region.mute or (in_place and not placed.is_stretched)


def _channels(info: AudioInfo) -> str:
    return f"{info.channels} channel{'' if info.channels == 1 else 's'}"
