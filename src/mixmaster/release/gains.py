"""How loud a target's files are to be, and what ReplayGain says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from mixmaster.arrays import Block
from mixmaster.audio.source import open_source
from mixmaster.audio.tags import ReplayGain
from mixmaster.metering.loudness import (
    SLICES_PER_SECOND,
    BlockPowers,
    album_lufs,
    channel_weights,
)
from mixmaster.release.album.document import Album
from mixmaster.release.delivery import Delivery
from mixmaster.release.freezing import TargetLevels
from mixmaster.release.levels.album import AlbumLevels, TrackLoudness
from mixmaster.release.levels.gains import album_gains
from mixmaster.release.levels.policy import policy_of
from mixmaster.release.naming import names_of
from mixmaster.release.plan import Order, target_for
from mixmaster.release.recordings import Recordings
from mixmaster.release.studio import Ready
from mixmaster.units import db_to_gain

REPLAY_GAIN_LUFS: Final = -18.0
"""ReplayGain 2.0's reference; tags of Opus count from another one, which who writes them knows."""

_ROOM_LU: Final = 0.02
"""A loudness that can just be had is asked for by so much less."""


@dataclass(frozen=True, slots=True)
class Loudness:
    """How an album's levels at one target are found.

    Attributes:
        album: The document.
        recordings: What tells the tracks apart, and what was done so that they go together.
        order: The target.
    """

    album: Album
    recordings: Recordings
    order: Order

    def of(self, ready: Sequence[Ready]) -> list[TrackLoudness]:
        """Return what the levels of these tracks are found from."""
        return [self._track(each) for each in ready]

    def _track(self, each: Ready) -> TrackLoudness:
        piece = each.piece
        track, key = self.album.track[piece.number - 1], self.recordings.id_of(piece)
        file = target_for(self.order, self.order.pieces).file
        rate = file.spec(piece.sample_rate_hz, piece.channels).sample_rate_hz
        limits, peak_dbtp = each.limits(rate)
        correction = self.recordings.correction_of(piece)
        offset = track.level_offset_db + (0.0 if correction is None else correction.gain_db)
        name = names_of(self.album, piece)
        found = each.heard.loudness(key, name, offset_lu=offset, limits=limits)
        loudest = _loudest_lufs(each, found.powers) if piece.parts else None
        return replace(found, true_peak_dbtp=peak_dbtp, loudest_lufs=loudest)

    def levels(self, ready: Sequence[Ready]) -> AlbumLevels:
        """Return the levels of a new release."""
        presets = [each.piece.preset.integrated_lufs for each in ready]
        preset_lufs = next((lufs for lufs in presets if lufs is not None), None)
        tracks = self.of(ready)
        return album_gains(tracks, self.order.named, self.album.loudness, preset_lufs=preset_lufs)

    def unmet(self, levels: AlbumLevels) -> dict[str, str]:
        """Return which tracks cannot have a loudness that is a condition, and why, by id.

        A place that levels what it plays takes what is quieter; a broadcaster does not.
        """
        policy = policy_of(self.order.target, self.album.loudness)
        asked, tolerance = levels.asked_lufs, self.order.target.tolerance_lu
        if not policy.required or asked is None or levels.mode == "as_is":
            return {}
        if levels.keeps_relations:
            if levels.lowered_lu <= tolerance:
                return {}
            return {levels.lowered_by: levels.notes[-1] if levels.notes else "it is too quiet"}
        return {
            each.key: f"{asked:.1f} LUFS are asked for, within {tolerance:g} LU, and "
            f"{each.wanted_lufs:.1f} can be had: {'; '.join(each.said)}"
            for each in levels.tracks
            if each.wanted_lufs is not None and asked - each.wanted_lufs > tolerance
        }

    def lowered(
        self, levels: AlbumLevels, refused: Sequence[Delivery], *, frozen: bool
    ) -> AlbumLevels | None:
        """Return levels that can be had where some were refused; None where there are none.

        A place that levels what it plays takes an album that is quieter; one whose loudness is a
        condition does not, nor does a version or a track of a frozen album stay behind unasked.
        """
        required = policy_of(self.order.target, self.album.loudness).required
        if required or frozen or any(each.piece.version for each in refused):
            return None
        reached: dict[str, float] = {}
        for each in refused:
            lufs = (each.result.figures or {}).get("reachable_lufs")
            if lufs is None:
                return None
            reached[self.recordings.id_of(each.piece)] = lufs - _ROOM_LU
        found = levels.lowered(reached, "its limiter would have to take too much away")
        return None if found is levels else found


def _loudest_lufs(each: Ready, powers: Block | None) -> float | None:
    """Return the loudness of the loudest track of a programme; None of silence."""
    if powers is None:
        return None
    rate = each.piece.sample_rate_hz
    slices = [round(SLICES_PER_SECOND * mark / rate) for mark in each.marks]
    found = [album_lufs([powers[a:b]]) for a, b in pairwise((*slices, powers.shape[0]))]
    return max((lufs for lufs in found if lufs is not None), default=None)


@dataclass(frozen=True, slots=True)
class Gains:
    """What ReplayGain says of a target's files.

    Attributes:
        tracks: Of each file, by recording.
        album_gain_db: Of the album.
        album_peak: Of the album, linear.
    """

    tracks: Mapping[str, ReplayGain]
    album_gain_db: float | None = None
    album_peak: float | None = None


def replay_gain(order: Order, made: Sequence[Delivery], before: TargetLevels | None) -> Gains:
    """Return what the files of a target are to say of how loud they are.

    The album's gain is that of all its tracks as one programme; of a released album it stays what
    it was.
    """
    if not order.target.package.replay_gain or order.target.medium != "file":
        return Gains({})
    gain_db, peak = (None, None) if before is None else (before.album_gain_db, before.album_peak)
    mains = [each for each in made if not each.piece.version]
    if before is None:
        together = album_lufs([_powers(each.file) for each in mains], hops_only=True)
        gain_db = None if together is None else round(REPLAY_GAIN_LUFS - together, 2)
        peaks = [each.figures.true_peak_dbtp for each in mains]
        known = [db_to_gain(each) for each in peaks if each is not None]
        peak = round(max(known), 6) if known else None
    return Gains(dict(_tracks(made, gain_db, peak)), gain_db, peak)


def _tracks(
    made: Sequence[Delivery], album_gain_db: float | None, album_peak: float | None
) -> Iterator[tuple[str, ReplayGain]]:
    for each in made:
        lufs, peak_dbtp = each.figures.integrated_lufs, each.figures.true_peak_dbtp
        if lufs is None or peak_dbtp is None:
            continue
        gain_db = round(REPLAY_GAIN_LUFS - lufs, 2)
        peak = round(db_to_gain(peak_dbtp), 6)
        own = not each.piece.version
        yield (
            each.piece.key,
            ReplayGain(gain_db, peak, album_gain_db if own else None, album_peak if own else None),
        )


def _powers(path: Path) -> Block:
    """Return a file's weighted powers in slices of 100 ms, ``(slices,)``."""
    with open_source(path) as source:
        meter = BlockPowers(source.sample_rate_hz, source.channels, hops_only=True)
        for block in source.blocks():
            meter.update(block)
        return np.asarray(channel_weights(source.channels) @ meter.powers)
