"""The loudness of each track of an album at a target, so that the tracks keep their relations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from mixmaster.arrays import Block
from mixmaster.errors import UsageError
from mixmaster.mastering.options import NamedTarget
from mixmaster.mastering.target import Target
from mixmaster.metering.loudness import album_lufs
from mixmaster.release.levels.album import (
    AlbumLevels,
    Standing,
    TrackLevel,
    TrackLoudness,
    lowered_words,
    rounded,
)
from mixmaster.release.levels.policy import AskedMode, Policy, policy_of
from mixmaster.release.levels.reach import (
    Heard,
    Limits,
    Reach,
    ceiling_of,
    loudest_3_s_lufs,
    reach_of,
)
from mixmaster.units import db_to_power

_MUCH_LIMITING_DB: Final = 6.0
"""Of a highest peak; more is told."""

_SAME_LU: Final = 1e-3


def album_gains(
    tracks: Sequence[TrackLoudness],
    target: NamedTarget,
    mode: AskedMode = "target",
    *,
    loudness_lufs: float | None = None,
    preset_lufs: float | None = None,
    standing: Standing | None = None,
) -> AlbumLevels:
    """Return the loudness that each track of an album is to have at a target.

    All tracks get one gain (but for their offsets), so that what they are to each other stays. It
    is found from what the place's figure is meant of, see ``policy``; where one track cannot become
    as loud under its ceiling, with the limiting or the peak-to-loudness ratio it is allowed, the
    whole album stays as far below, and that is said. Track by track, each is by itself, and offsets
    are left out.

    Mixes and approved masters on one album are on no common scale: a mix has any level. The mixes
    are taken as if their album loudness were that of the approved masters, and that is said.

    Where all tracks are approved masters and the place levels what it plays by itself, they are
    turned down only as far as its ceiling asks for; a loudness that is a condition is kept to.

    Args:
        tracks: In the album's order.
        target: Where it goes.
        mode: What is asked for, see ``policy.policy_of``.
        loudness_lufs: Instead of the target's loudness.
        preset_lufs: The mastering preset's own, where the target leaves it open.
        standing: An earlier album's: the tracks stand as loud as its tracks do there, by their
            loudest sections, in place of an album of their own (``signature``). Not for ``track``.

    Raises:
        UsageError: For no tracks, two of one key, or no loudness of a whole album since nobody
            kept a track's powers.
    """
    _check(target, tracks)
    asked = _asked(target.target, loudness_lufs, preset_lufs)
    policy = policy_of(target.target, mode)
    notes: list[str] = []
    heard = [each for each in tracks if each.integrated_lufs is not None]
    if (
        heard
        and all(each.limits.only_down for each in heard)
        and policy.mode != "as_is"
        and not policy.required
    ):
        policy = replace(policy, mode="as_is")
        notes.append(
            "approved masters: they are turned down only where the ceiling asks for it"
            + ("; the place levels what it plays by itself" if target.target.playback else "")
        )
    scales: dict[str, float] = {}
    if policy.mode in {"album", "loudest"}:
        scales, said = _scales(tracks)
        notes += [said] if said else []
    alone = policy.mode == "track"
    placed = [
        _place(each, target.target, scales.get(each.key, 0.0) + (0.0 if alone else each.offset_lu))
        for each in tracks
    ]
    gains, lowered_lu, held = _gains(placed, target.target, policy, asked, standing)
    if standing is not None and not alone:
        notes.append(f"the level is that of '{standing.name}': as its tracks stood there")
    if lowered_lu:
        worst = next(each for each in placed if each.track.key in held)
        notes.append(lowered_words(worst.track.name, lowered_lu, worst.reach.why))
    return AlbumLevels(
        target=target.name,
        mode=policy.mode,
        means=policy.means,
        asked_lufs=asked,
        gain_db=None if alone else rounded(next(iter(gains.values()))),
        album_lufs=_album_lufs(placed, gains),
        lowered_lu=rounded(lowered_lu),
        lowered_by=next(iter(held)) if lowered_lu else "",
        tracks=tuple(
            _level(each, gains[each.track.key], target.target, held=each.track.key in held)
            for each in placed
        ),
        notes=tuple(notes),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """A track on the album's scale: ``base_db`` is the gain that puts it there."""

    track: TrackLoudness
    limits: Limits
    base_db: float
    reach: Reach

    @property
    def base_lufs(self) -> float | None:
        """Its loudness on the album's scale."""
        lufs = self.track.integrated_lufs
        return None if lufs is None else lufs + self.base_db

    @property
    def room_db(self) -> float:
        """How much gain on top it can take."""
        base = self.base_lufs
        return np.inf if base is None or self.reach.lufs is None else self.reach.lufs - base


def _check(target: NamedTarget, tracks: Sequence[TrackLoudness]) -> None:
    keys = [each.key for each in tracks]
    if not keys:
        raise UsageError(target.name, "an album has a track at least", "give its tracks")
    twice = [key for key in dict.fromkeys(keys) if keys.count(key) > 1]
    if twice:
        raise UsageError(target.name, f"two tracks are called '{twice[0]}'", "each key once")


def _asked(target: Target, loudness_lufs: float | None, preset_lufs: float | None) -> float | None:
    """Return the loudness that is asked for; as a single track's request settles it."""
    if loudness_lufs is not None:
        return loudness_lufs
    if target.dialogue is not None:
        return None
    if target.integrated_lufs is not None or target.short_term_lufs is not None:
        return target.integrated_lufs
    if target.true_peak_dbtp is None or target.gain_only:
        return None
    return preset_lufs


def common_scale(tracks: Sequence[TrackLoudness]) -> dict[str, float]:
    """Return the gain that brings each mix to the scale of approved masters, by key.

    Empty where an album is of mixes alone or masters alone: they are on one scale.

    Raises:
        UsageError: For a track whose powers nobody kept.
    """
    return _scales(tracks)[0]


def _scales(tracks: Sequence[TrackLoudness]) -> tuple[dict[str, float], str]:
    """Return `common_scale`, and what has to be said of it."""
    heard = [each for each in tracks if each.integrated_lufs is not None]
    mixes = [each for each in heard if not each.limits.only_down]
    masters = [each for each in heard if each.limits.only_down]
    if not mixes or not masters:
        return {}, ""
    as_masters, as_mixes = (
        album_lufs([_powers(each, "mixes and masters together") for each in group])
        for group in (masters, mixes)
    )
    if as_masters is None or as_mixes is None:
        return {}, ""
    said = (
        f"mixes and approved masters have no common level: the mixes, {as_mixes:.1f} LUFS "
        "together, are taken as if they were as loud as the masters together, "
        f"{as_masters:.1f} LUFS"
    )
    return {each.key: as_masters - as_mixes for each in mixes}, said


def _powers(track: TrackLoudness, what: str) -> Block:
    if track.powers is None:
        raise UsageError(track.name, f"its powers are needed for {what}", "measure it again")
    return track.powers


def _place(track: TrackLoudness, target: Target, base_db: float) -> _Placed:
    least = [x for x in (track.limits.min_plr_lu, target.min_plr_lu) if x is not None]
    limits = replace(
        track.limits,
        limiting=track.limits.limiting and not target.gain_only,
        min_plr_lu=max(least, default=None),
    )
    reach = Reach(None)
    if track.integrated_lufs is not None:
        short_term = None if track.powers is None else loudest_3_s_lufs(track.powers)
        heard = Heard(track.integrated_lufs, track.true_peak_dbtp, short_term)
        reach = reach_of(target, limits, heard)
    return _Placed(track, limits, base_db, reach)


def _gains(
    placed: Sequence[_Placed],
    target: Target,
    policy: Policy,
    asked: float | None,
    standing: Standing | None,
) -> tuple[dict[str, float], float, frozenset[str]]:
    """Return the gain on top of each track's base, what the album lacks, and who is held back."""
    if policy.mode == "track":
        wanted = {each.track.key: _alone_db(each, asked, target) for each in placed}
        found = {each.track.key: _least(wanted[each.track.key], each.room_db) for each in placed}
        short = (
            each.track.key
            for each in placed
            if wanted[each.track.key] > found[each.track.key] + _SAME_LU
        )
        return found, 0.0, frozenset(short)
    free = _free_db(placed, target, policy, asked, standing)
    worst = min(placed, key=lambda each: each.room_db)
    gain = _least(free, worst.room_db)
    held = frozenset({worst.track.key} if free > gain + _SAME_LU else ())
    lacking = free - gain if held and free < np.inf else 0.0
    return {each.track.key: gain for each in placed}, lacking, held


def _alone_db(placed: _Placed, asked: float | None, target: Target) -> float:
    """Return the gain that one track wants by itself."""
    base = placed.base_lufs
    if base is None:
        return 0.0
    if asked is None:
        return np.inf if _fills(target) else 0.0
    return asked - base


def _least(free_db: float, room_db: float) -> float:
    """Return the lower of two gains; none where neither is bounded."""
    gain = min(free_db, room_db)
    return 0.0 if gain == np.inf else gain


def _fills(target: Target) -> bool:
    """Return whether a target without an integrated loudness is filled up to what it allows."""
    return target.integrated_lufs is None and (
        target.gain_only or target.short_term_lufs is not None
    )


def _free_db(
    placed: Sequence[_Placed],
    target: Target,
    policy: Policy,
    asked: float | None,
    standing: Standing | None,
) -> float:
    """Return the common gain that is wanted, whatever stands in its way."""
    bases = [base for each in placed if (base := each.base_lufs) is not None]
    if policy.mode == "as_is" or not bases:
        return 0.0
    if asked is None:
        return np.inf if _fills(target) else 0.0
    loud = [
        each.track.loud_lufs + each.base_db for each in placed if each.track.loud_lufs is not None
    ]
    if standing is not None and loud:
        album = policy.mode == "album"
        over = standing.over_album_lu if album else standing.over_loudest_lu
        return asked + over - float(np.median(loud))
    if policy.mode == "loudest":
        return asked - max(
            base if (lufs := each.track.loudest_lufs) is None else lufs + each.base_db
            for each in placed
            if (base := each.base_lufs) is not None
        )
    together = album_lufs(
        [
            _powers(each.track, "the loudness of the whole album") * db_to_power(each.base_db)
            for each in placed
            if each.track.integrated_lufs is not None
        ]
    )
    assert together is not None
    return asked - together


def _album_lufs(placed: Sequence[_Placed], gains: Mapping[str, float]) -> float | None:
    powers = []
    for each in placed:
        if each.track.integrated_lufs is None:
            continue
        if each.track.powers is None:
            return None
        gain = each.base_db + gains[each.track.key]
        powers.append(each.track.powers * db_to_power(gain))
    lufs = album_lufs(powers)
    return None if lufs is None else rounded(lufs)


def track_level(track: TrackLoudness, gain_db: float, target: Target) -> TrackLevel:
    """Return a track's level for a gain that somebody else has settled; never past its reach."""
    placed = _place(track, target, 0.0)
    held = gain_db > placed.room_db + _SAME_LU
    return _level(placed, min(gain_db, placed.room_db), target, held=held)


def _level(placed: _Placed, gain: float, target: Target, *, held: bool) -> TrackLevel:
    track, limits = placed.track, placed.limits
    gain_db = placed.base_db + gain
    lufs, peak = track.integrated_lufs, track.true_peak_dbtp
    wanted = None if lufs is None or target.dialogue is not None else lufs + gain_db
    ceiling = ceiling_of(target, limits, wanted)
    said = []
    limited = 0.0
    if lufs is None:
        said.append("it has no loudness: only the gain of the others is set")
    elif peak is not None and ceiling is not None and limits.limiting:
        limited = max(0.0, peak + gain_db - ceiling)
    if limited > _MUCH_LIMITING_DB:
        said.append(f"its highest peak is limited by some {limited:.1f} dB")
    if held:
        said.append(f"it can be no louder: {placed.reach.why}")
    return TrackLevel(
        key=track.key,
        name=track.name,
        integrated_lufs=lufs,
        offset_lu=track.offset_lu,
        wanted_lufs=None if wanted is None else rounded(wanted),
        gain_db=rounded(gain_db),
        limited_db=rounded(limited),
        ceiling_dbtp=ceiling,
        said=tuple(said),
    )
