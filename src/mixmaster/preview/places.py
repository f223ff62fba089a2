"""At places: which gain a player gives a master, and what comes of it.

A place measures the track, or its album, and plays it with one gain from beginning to end. What a
place does is told by its target (``mastering/target_playback.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from mixmaster.arrays import Block
from mixmaster.dsp.player_limiter import PlayerLimiter
from mixmaster.mastering.options import NamedTarget
from mixmaster.mastering.target_playback import Playback
from mixmaster.metering.loudness import album_lufs
from mixmaster.preview.master_file import Master, loudness_of
from mixmaster.results import Result

Mode = Literal["track", "album"]

USUAL_PLACES: Final = (
    "spotify",
    "apple-music",
    "youtube",
    "tidal",
    "amazon-music",
    "deezer",
    "soundcloud",
)
"""Where a preview looks if nobody says where."""

_UNCHANGED_DB: Final = 0.005
"""Half of the last digit that is printed."""


@dataclass(frozen=True, slots=True)
class Gain(Result):
    """The gain that a place gives a master.

    Attributes:
        place: The target's short name.
        setting: What the way of playing is called there.
        mode: By the track's own loudness, or its album's.
        gain_db: The gain.
        what: What that is, in words.
        limited: Whether the place's limiter stands behind it.
    """

    place: str
    setting: str
    mode: Mode
    gain_db: float
    what: str
    limited: bool


@dataclass(frozen=True, slots=True)
class Played(Result):
    """A master as a place plays it.

    Attributes:
        gain: The gain, and why.
        integrated_lufs: As played; None if it has no loudness.
        true_peak_dbtp: As played; None for digital silence.
        limited_db: The most that the place's limiter takes away; None where there is none.
        clipped_samples: Samples over full scale behind gain and limiter.
    """

    gain: Gain
    integrated_lufs: float | None
    true_peak_dbtp: float | None
    limited_db: float | None
    clipped_samples: int


def gains_of(named: NamedTarget, masters: Sequence[Master]) -> list[list[Gain]]:
    """Return the gains that a place gives each of several masters, that are an album together.

    Args:
        named: The place.
        masters: In the album's order; one alone is a track.

    Returns:
        For each master: every setting by track, and where the place has an album mode and there
        are several masters, by album.
    """
    rows: list[list[Gain]] = [[] for _ in masters]
    if not named.target.playback:
        for row in rows:
            row.append(Gain(named.name, "", "track", 0.0, "played as it is", limited=False))
    for playback in named.target.playback:
        for row, master in zip(rows, masters, strict=True):
            row.append(
                _gain(
                    named.name,
                    playback,
                    "track",
                    master.integrated_lufs,
                    master.true_peak_dbtp,
                )
            )
        if playback.album != "none" and len(masters) > 1:
            gain = _gain(
                named.name,
                playback,
                "album",
                _album_lufs(playback, masters),
                _highest(masters),
            )
            for row in rows:
                row.append(gain)
    return rows


def _album_lufs(playback: Playback, masters: Sequence[Master]) -> float | None:
    if playback.album == "album":
        return album_lufs([master.powers for master in masters])
    known = [m.integrated_lufs for m in masters if m.integrated_lufs is not None]
    return max(known, default=None)


def _highest(masters: Sequence[Master]) -> float | None:
    known = [m.true_peak_dbtp for m in masters if m.true_peak_dbtp is not None]
    return max(known, default=None)


def _gain(
    place: str,
    playback: Playback,
    mode: Mode,
    lufs: float | None,
    true_peak_dbtp: float | None,
) -> Gain:
    """Return what a place does with a loudness and a true peak, of a track or an album."""

    def gain(gain_db: float, what: str, *, limited: bool = False) -> Gain:
        return Gain(place, playback.name, mode, gain_db, what, limited)

    if lufs is None or true_peak_dbtp is None:
        return gain(0.0, "no loudness: played as it is")
    wanted = playback.integrated_lufs - lufs
    if abs(wanted) < _UNCHANGED_DB:
        return gain(wanted, "on its loudness")
    if wanted < 0.0:
        return gain(wanted, "turned down")
    if playback.quiet == "left":
        return gain(0.0, "quieter, left as it is")
    if playback.quiet == "limited":
        return gain(wanted, "raised through its limiter", limited=True)
    room = max(0.0, playback.raised_to_dbtp - true_peak_dbtp)
    if room >= wanted:
        return gain(wanted, "raised")
    short = wanted - room
    return gain(room, f"raised as far as peaks allow, {short:.1f} dB short")


def play(master: Master, gain: Gain, playback: Playback | None) -> Played:
    """Return a master as a place plays it; audio is read only where a limiter is at work.

    Args:
        master: The master.
        gain: What the place gives it.
        playback: The setting, for its limiter.
    """
    peak = master.true_peak_dbtp
    played_dbtp = None if peak is None else peak + gain.gain_db
    limiter = limiter_of(playback, master.info.sample_rate_hz) if gain.limited else None
    # No sample is above the true peak: what it leaves alone no limiter touches, and nothing clips.
    if limiter is None or played_dbtp is None or played_dbtp <= limiter.ceiling_dbfs:
        clips = played_dbtp is not None and played_dbtp > 0.0
        return Played(
            gain,
            loudness_of(master.powers, gain.gain_db),
            played_dbtp,
            None if limiter is None else 0.0,
            sum(_over(block) for block in master.whole(gain.gain_db)) if clips else 0,
        )
    level, clipped = master.level(), 0
    for block in master.whole(gain.gain_db):
        limited = limiter.process(block)
        level.update(limited)
        clipped += _over(limited)
    return Played(gain, level.integrated_lufs, level.true_peak_dbtp, limiter.max_db, clipped)


def as_played(master: Master, gain: Gain, playback: Playback | None) -> Iterator[Block]:
    """Yield what is listened to of a master, as a place plays it."""
    limiter = limiter_of(playback, master.info.sample_rate_hz) if gain.limited else None
    for block in master.blocks(gain_db=gain.gain_db):
        yield block if limiter is None else limiter.process(block)


def gain_words(gain: Gain) -> tuple[str, ...]:
    """Return what a file is called that is played with a gain."""
    return gain.place, gain.setting, *(("album",) if gain.mode == "album" else ())


def limiter_of(playback: Playback | None, sample_rate_hz: int) -> PlayerLimiter | None:
    """Return the limiter of a way of playing; None where it has none."""
    if playback is None or playback.limiter is None:
        return None
    settings = playback.limiter
    return PlayerLimiter(
        sample_rate_hz, settings.ceiling_dbfs, settings.attack_ms, settings.release_ms
    )


def _over(block: Block) -> int:
    return int(np.count_nonzero(np.abs(block) > 1.0))
