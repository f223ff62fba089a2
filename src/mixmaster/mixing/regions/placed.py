"""A region on its way from what is declared to a piece on the session's frames."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from mixmaster.mixing.regions.arranged import FileMaterial, Piece
from mixmaster.mixing.regions.declared import Region
from mixmaster.mixing.regions.spooling import Spool, Spooling

Tell = Callable[[int, str, str, str], None]
"""Told of a problem: the region's number, its key, the reason, and what would be right."""


@dataclass(slots=True)
class Placed:
    """A region under way.

    Attributes:
        number: Its number in the document, from 1.
        region: What is declared.
        source: Its file, at the session's rate.
        file_frames: How long that is.
        from_frame: Where the region begins in its file.
        frames: How many frames of the file it is.
        start: Where it begins in the session, without crossfades.
        stop: Where it ends.
        piece: What it becomes.
    """

    number: int
    region: Region
    source: FileMaterial
    file_frames: int
    from_frame: int
    frames: int
    start: int
    stop: int
    piece: Piece

    @property
    def is_stretched(self) -> bool:
        """Whether it sounds otherwise than its file."""
        return self.stop - self.start != self.frames or self.region.pitch_semitones != 0.0

    @property
    def ends_file(self) -> bool:
        """Whether it goes on until its file ends."""
        return self.from_frame + self.frames >= self.file_frames

    @property
    def room_before(self) -> int:
        """How many frames its file has before it, as long as they would become."""
        return math.floor(self.from_frame * (self.stop - self.start) / self.frames)

    @property
    def room_after(self) -> int:
        """How many frames its file has after it, as long as they would become."""
        left = self.file_frames - self.from_frame - self.frames
        return math.floor(left * (self.stop - self.start) / self.frames)

    def in_step(self, other: Placed) -> bool:
        """Whether both are pieces of one recording that lie in step: the same sound."""
        return (
            not self.is_stretched
            and not other.is_stretched
            and self.source.info.path == other.source.info.path
            and self.start - self.from_frame == other.start - other.from_frame
        )

    def spooling(self) -> Spooling | None:
        """Return what has to be made before it can be read; None where its file will do."""
        piece, source = self.piece, self.source
        if piece.material is None:
            return None
        if self.is_stretched:
            return Spooling(
                source,
                self.from_frame,
                self.frames,
                self.stop - self.start,
                self.region.pitch_semitones,
                self.region.keep_formants,
                max(0, self.start - piece.start),
                max(0, piece.stop - self.stop),
            )
        if source.info.sample_rate_hz != source.sample_rate_hz:
            frames = piece.stop - piece.start
            return Spooling(source, piece.first, frames, frames)
        return None

    def over(self, spool: Spool) -> Piece:
        """Return its piece, read from what `spooling` asked for."""
        first = max(0, self.piece.start - self.start) if self.is_stretched else 0
        return replace(self.piece, material=spool, first=first)


def given_key(region: Region, place: str) -> str:
    """Return the key by which a region says a place."""
    return f"{place}_bar" if getattr(region, f"{place}_bar") is not None else f"{place}_s"
