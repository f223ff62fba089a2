"""Where everything lies on a disc: audio to the frame, marks to the sector.

Audio is never moved or stretched for a mark. Behind a gap, the gap is chosen so (within half a
sector, 6.7 ms, of what was asked for) that the track begins on a mark; at a gapless join or a
crossfade the mark moves to the sector's edge at or before the track's first frame, so that nothing
of its attack is lost to whoever skips to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mixmaster.release.cd.disc import Disc, DiscTrack
from mixmaster.release.cd.sheet import (
    COPY_PERMITTED,
    PRE_EMPHASIS,
    PREGAP_SECTORS,
    RATE_HZ,
    SECTOR_FRAMES,
    SECTORS_PER_SECOND,
    Mark,
)
from mixmaster.release.discs.sequence import Laid
from mixmaster.results import Result

_PREGAP_S: Final = PREGAP_SECTORS / SECTORS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Placed(Result):
    """A track's place.

    Attributes:
        number: From 1.
        start_frame: Its first frame, counted from the programme's, which is at 00:02:00.
        frames: Its length.
        gap_frames: Silence before it, as laid.
        crossfade_frames: How long it overlaps with the one before.
        hidden_frames: Audio before its mark.
        marks: Its index marks.
        mark_shift_frames: How far its mark lies from where it was asked for: 0 or a little before,
            where the join left no choice.
        control: The four control bits.
    """

    number: int
    start_frame: int
    frames: int
    gap_frames: int
    crossfade_frames: int
    hidden_frames: int
    marks: tuple[Mark, ...]
    mark_shift_frames: int
    control: int


@dataclass(frozen=True, slots=True)
class Layout(Result):
    """A disc's programme: from 00:02:00 to the lead-out.

    Attributes:
        tracks: In order.
        frames: The programme's length, whole sectors: the last one is filled with silence.
    """

    tracks: tuple[Placed, ...]
    frames: int

    @property
    def lead_out(self) -> int:
        """The lead-out's address."""
        return PREGAP_SECTORS + self.frames // SECTOR_FRAMES


def lay_out(
    tracks: Sequence[DiscTrack],
    disc: Disc,
    frames: Sequence[int],
    hidden_frames: Sequence[int] = (),
) -> Layout:
    """Return where everything lies.

    Args:
        tracks: The tracks, in order.
        disc: The disc.
        frames: Their lengths in frames at 44.1 kHz.
        hidden_frames: The lengths of what is hidden before them; 0 for none.
    """
    hidden = tuple(hidden_frames) or (0,) * len(tracks)
    placed: list[Placed] = []
    end = 0
    for number, (track, length, secret) in enumerate(
        zip(tracks, frames, hidden, strict=True), start=1
    ):
        overlap = 0
        gap = _gap_frames(track, disc, end, secret, first=number == 1)
        if number > 1 and track.crossfade_s > 0.0:
            overlap = min(round(track.crossfade_s * RATE_HZ), placed[-1].frames, secret or length)
        start = end + gap - overlap + secret
        marks, shift = _marks(track, end, gap, overlap, start)
        control = COPY_PERMITTED * track.copy_permitted | PRE_EMPHASIS * track.pre_emphasis
        placed.append(Placed(number, start, length, gap, overlap, secret, marks, shift, control))
        end = start + length
    return Layout(tuple(placed), -(-end // SECTOR_FRAMES) * SECTOR_FRAMES)


def laid_files(tracks: Sequence[DiscTrack], layout: Layout) -> tuple[Laid, ...]:
    """Return the files of a disc in their places, what is hidden included."""
    laid: list[Laid] = []
    for track, place in zip(tracks, layout.tracks, strict=True):
        overlap = place.crossfade_frames
        if track.hidden is not None:
            first = place.start_frame - place.hidden_frames
            laid.append(
                Laid(track.hidden, first, place.hidden_frames, overlap, track.crossfade_law)
            )
            overlap = 0
        laid.append(
            Laid(track.source, place.start_frame, place.frames, overlap, track.crossfade_law)
        )
    return tuple(laid)


def _gap_frames(track: DiscTrack, disc: Disc, end: int, hidden: int, *, first: bool) -> int:
    """Return how much silence lies before a track's audio, or what is hidden before it."""
    if first:
        # The first 2 s lie before the programme.
        asked_s = max(0.0, (track.gap_s or 0.0) - _PREGAP_S)
    elif track.crossfade_s > 0.0:
        asked_s = 0.0
    else:
        asked_s = disc.gap_s if track.gap_s is None else track.gap_s
    if asked_s <= 0.0 and not (first and hidden):
        return 0
    wanted = end + asked_s * RATE_HZ + hidden
    start = round(wanted / SECTOR_FRAMES) * SECTOR_FRAMES
    if start < end + hidden:
        start += SECTOR_FRAMES
    return start - hidden - end


def _marks(
    track: DiscTrack, end: int, gap: int, overlap: int, start: int
) -> tuple[tuple[Mark, ...], int]:
    """Return a track's marks, and how far its mark lies from where it was asked for."""
    wanted = start + round(track.mark_offset_s * RATE_HZ)
    sector = max(0, wanted // SECTOR_FRAMES)
    if end == 0:
        pause = -PREGAP_SECTORS
    elif gap:
        # The last of the track before does not count as pause.
        pause = -(-end // SECTOR_FRAMES)
    else:
        pause = (end - overlap) // SECTOR_FRAMES
    marks = [Mark(1, sector + PREGAP_SECTORS)]
    # Without a gap, only what is hidden before the track is its pause.
    if pause < sector and (gap or track.hidden is not None or end == 0):
        marks.insert(0, Mark(0, pause + PREGAP_SECTORS))
    return tuple(marks), sector * SECTOR_FRAMES - wanted
