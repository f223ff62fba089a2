"""What an album's levels are: what is known of each track, and what each is to have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from pydantic import with_config

from mixmaster.arrays import Block
from mixmaster.errors import UsageError
from mixmaster.release.levels.policy import Mode
from mixmaster.release.levels.reach import FREE, Limits
from mixmaster.release.levels.strict import STRICT
from mixmaster.results import Result

RELATION_LU: Final = 0.05
"""How far from their relations finished tracks may be, any two of them."""

_DIGITS: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class TrackLoudness:
    """A track's loudness after its chain, before gain and limiter; or that of an approved master.

    Attributes:
        key: What tells it from the others, from build to build: its number, or an id.
        name: What people call it.
        integrated_lufs: Its loudness with any gain before the chain undone; None for silence.
        true_peak_dbtp: Its true peak, likewise.
        powers: Its weighted power in slices of 10 ms, ``(slices,)``, likewise; None where nobody
            kept it: the album's own loudness cannot be had then.
        loud_lufs: The loudness of its loudest sections; only ``Standing`` needs it.
        offset_lu: How much louder it is to be than it would be: the artist's choice, corrections.
        limits: What may be done to it.
        loudest_lufs: Where it is several tracks as one programme, the loudness of the loudest of
            them: that is what places hear as the album's loudest track.
    """

    key: str
    name: str
    integrated_lufs: float | None
    true_peak_dbtp: float | None
    powers: Block | None = None
    loud_lufs: float | None = None
    offset_lu: float = 0.0
    limits: Limits = FREE
    loudest_lufs: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How loud a release is to stand beside an earlier album.

    Attributes:
        name: The earlier album.
        over_album_lu: How its tracks' loudest sections stood over the loudness of the whole.
        over_loudest_lu: Over that of its loudest track.
    """

    name: str
    over_album_lu: float
    over_loudest_lu: float


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class TrackLevel(Result):
    """One track's level on the album.

    Attributes:
        key: The track.
        name: What people call it.
        integrated_lufs: Its loudness before.
        offset_lu: What was asked for on top.
        wanted_lufs: The loudness its master is to have; None where its level stays as it is.
        gain_db: From before to there, as far as gain alone does it.
        limited_db: What the limiter will take off its highest peak, foretold.
        ceiling_dbtp: Its ceiling; None where there is none.
        said: What has to be said of it.
    """

    key: str
    name: str
    integrated_lufs: float | None
    offset_lu: float
    wanted_lufs: float | None
    gain_db: float
    limited_db: float
    ceiling_dbtp: float | None
    said: tuple[str, ...] = ()


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class AlbumLevels(Result):
    """An album's levels at a target.

    Attributes:
        target: The target's short name.
        mode: How its loudness is meant, see ``policy``.
        means: That in words, with the source.
        asked_lufs: The loudness that the place asks for; None where it leaves it open.
        gain_db: The gain that all tracks have in common; None where each has its own.
        album_lufs: The loudness of the whole album then, foretold; None where it is not known.
        lowered_lu: By how much the album is quieter than asked, since a track cannot follow.
        lowered_by: The track that cannot, by key; empty where all can.
        tracks: The tracks, in order.
        notes: What has to be said of all of them.
    """

    target: str
    mode: Mode
    means: str
    asked_lufs: float | None
    gain_db: float | None
    album_lufs: float | None
    lowered_lu: float
    lowered_by: str
    tracks: tuple[TrackLevel, ...]
    notes: tuple[str, ...] = ()

    @property
    def keeps_relations(self) -> bool:
        """Whether all tracks have one gain."""
        return self.gain_db is not None

    def track(self, key: str) -> TrackLevel:
        """Return a track's level.

        Raises:
            UsageError: For a track that is not on the album.
        """
        for each in self.tracks:
            if each.key == key:
                return each
        known = ", ".join(each.key for each in self.tracks)
        raise UsageError(self.target, f"no track '{key}' has a level", f"there are: {known}")

    def lowered(self, reached: Mapping[str, float], why: str = "") -> AlbumLevels:
        """Return the levels after mastering has shown how loud some tracks can be.

        Where relations are kept, all tracks come down by what the worst one lacks; elsewhere each
        by its own.

        Args:
            reached: The loudness that can be had, by the tracks that were refused theirs.
            why: The reason, in words.
        """
        short = {
            each.key: max(0.0, each.wanted_lufs - reached[each.key])
            for each in self.tracks
            if each.key in reached and each.wanted_lufs is not None
        }
        most = max(short, key=lambda key: short[key], default="")
        if not most or short[most] == 0.0:
            return self
        down = short[most]
        if not self.keeps_relations:
            tracks = tuple(_down(each, short.get(each.key, 0.0), why) for each in self.tracks)
            return replace(self, tracks=tracks)
        said = lowered_words(self.track(most).name, down, why)
        return replace(
            self,
            gain_db=rounded((self.gain_db or 0.0) - down),
            album_lufs=None if self.album_lufs is None else rounded(self.album_lufs - down),
            lowered_lu=rounded(self.lowered_lu + down),
            lowered_by=most,
            tracks=tuple(_down(each, down) for each in self.tracks),
            notes=(*self.notes, said),
        )


def _down(level: TrackLevel, lu: float, why: str = "") -> TrackLevel:
    if lu == 0.0:
        return level
    wanted = None if level.wanted_lufs is None else rounded(level.wanted_lufs - lu)
    said = (*level.said, f"it stays {lu:.2f} LU under what was asked: {why}") if why else level.said
    return replace(
        level,
        wanted_lufs=wanted,
        gain_db=rounded(level.gain_db - lu),
        limited_db=rounded(max(0.0, level.limited_db - lu)),
        said=said,
    )


def lowered_words(name: str, lu: float, why: str) -> str:
    """Return in words that the whole album comes down for one track."""
    because = f": {why}" if why else ""
    return f"the whole album comes down by {lu:.2f} LU, since '{name}' can be no louder{because}"


def rounded(value: float) -> float:
    """Return a figure as levels keep it: four digits, and no minus before zero."""
    return round(value, _DIGITS) + 0.0
