"""Levels: which gains make versions equally loud, or as loud as a platform plays them.

Gains come from the K-weighted powers of slices of 10 ms, so that no audio is read again. Where a
gain moves passages over the absolute gate at -70 LUFS, loudness does not follow it exactly;
that is why gains are looked for, not subtracted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from mixmaster.arrays import Block
from mixmaster.mastering.target import Target
from mixmaster.mastering.target_playback import Playback
from mixmaster.metering.loudness import SLICES_PER_SECOND, BlockPowers, integrated_lufs
from mixmaster.pages.ab.data import AbLevel
from mixmaster.units import SILENCE_DB, db_to_power, gain_to_db

CLOSE_LU: Final = 0.0005
_STEPS: Final = 20
_NEAR_GATE_LUFS: Final = -69.0
"""What is so quiet is not turned down any further: under -70 LUFS there is no loudness."""

_ROOM_DB: Final = 0.001
"""Taken off a gain that would bring a sample to full scale: dither adds 1.5 LSB of 24 bits."""

LOOP_S: Final = 15.0
"""The loudest part, for looping, is so long."""


@dataclass(frozen=True, slots=True, eq=False)
class HeardLevel:
    """What gains are decided by, of one version over what is heard of it.

    Attributes:
        powers: K-weighted power of both channels in slices of 10 ms, ``(slices,)``.
        peak: Its largest sample, linear.
        whole_lufs: Integrated loudness of the whole version; None if it has none.
        whole_true_peak_dbtp: True peak of the whole version.
    """

    powers: Block
    peak: float
    whole_lufs: float | None
    whole_true_peak_dbtp: float | None

    def loudness_lufs(self, gain_db: float = 0.0) -> float | None:
        """Return the integrated loudness after a gain; None if nothing passes the gates."""
        powers = self.powers[np.newaxis, :] * db_to_power(gain_db)
        return integrated_lufs(powers, np.ones(1))


class LevelMeter:
    """Gathers what ``HeardLevel`` holds of a stereo signal.

    Args:
        sample_rate_hz: The rate.
        where: What is measured, for errors.
    """

    def __init__(self, sample_rate_hz: int, *, where: str = "") -> None:
        self._powers = BlockPowers(sample_rate_hz, 2, where=where)
        self._peak = 0.0

    def update(self, block: Block) -> None:
        """Take the next block, ``(2, frames)``, of any length."""
        self._powers.update(block)
        if block.shape[1]:
            self._peak = max(self._peak, float(block.max()), -float(block.min()))

    def result(self, whole_lufs: float | None, whole_true_peak_dbtp: float | None) -> HeardLevel:
        """Return the figures."""
        powers = self._powers.powers.sum(axis=0)
        return HeardLevel(powers, self._peak, whole_lufs, whole_true_peak_dbtp)


def matching_gains_db(levels: Sequence[HeardLevel]) -> list[float]:
    """Return the gains, 0 or less, at which all versions are as loud as the quietest.

    The common loudness is a whole tenth of a LUFS, so that a changed version that is quieter by
    a hundredth does not have all others written again.

    Args:
        levels: Each has a loudness.
    """
    known = [level.loudness_lufs() for level in levels]
    assert all(lufs is not None for lufs in known)
    quietest = min(lufs for lufs in known if lufs is not None)
    wanted = quietest if quietest < _NEAR_GATE_LUFS else math.floor(quietest * 10.0) / 10.0
    return [_gain_to(level, wanted) for level in levels]


def _gain_to(level: HeardLevel, wanted_lufs: float) -> float:
    """Return the gain at which a version has a loudness that is not above its own."""
    gain_db = 0.0
    for _ in range(_STEPS):
        lufs = level.loudness_lufs(gain_db)
        if lufs is None:  # under the gate: a dB more at a time
            gain_db = min(0.0, gain_db + 1.0)
            continue
        error = lufs - wanted_lufs
        if abs(error) <= CLOSE_LU:
            break
        gain_db = min(0.0, gain_db - error)
    return gain_db


def platform_gains_db(levels: Sequence[HeardLevel], playback: Playback) -> list[float]:
    """Return what a platform that normalises does to each version.

    Louder ones are turned down to its loudness. Quieter ones stay, or are turned up as far as
    their true peak allows; a platform's limiter is not heard.
    """
    gains = []
    for level in levels:
        whole_lufs = level.whole_lufs
        gain = 0.0 if whole_lufs is None else playback.integrated_lufs - whole_lufs
        if gain > 0.0:
            gain = 0.0 if playback.quiet == "left" else min(gain, _headroom_db(level, playback))
        gains.append(gain)
    return gains


def _headroom_db(level: HeardLevel, playback: Playback) -> float:
    if level.whole_true_peak_dbtp is None:
        return 0.0
    return max(0.0, playback.raised_to_dbtp - level.whole_true_peak_dbtp)


def common_gain_db(levels: Sequence[HeardLevel], gains_db: Sequence[float]) -> float:
    """Return how much lower all must be, so that none passes full scale; 0 or less."""
    peaks = [gain_to_db(level.peak) + gain for level, gain in zip(levels, gains_db, strict=True)]
    highest = max(peaks, default=SILENCE_DB)
    return 0.0 if highest <= -_ROOM_DB else -highest - _ROOM_DB


def ways_of_listening(
    levels: Sequence[HeardLevel], file_gains_db: Sequence[float], platform: Target | None
) -> tuple[AbLevel, ...]:
    """Return how levels can be set while listening.

    Args:
        levels: Of the versions.
        file_gains_db: What was done to their files.
        platform: Whose normalisation can be heard; None for none.
    """
    matched = AbLevel(
        id="matched",
        name="Level-matched",
        description="All are turned down to the loudness of the quietest.",
        gains_db=tuple(matching_gains_db(levels)),
        loudness_lufs=(),
        spread_lu=None,
    )
    ways = [
        matched,
        replace(
            matched,
            id="unmatched",
            name="As they are",
            description="Every version has the level that it was made with.",
            gains_db=(0.0,) * len(levels),
        ),
    ]
    if platform is not None and platform.playback:
        playback = platform.playback[0]
        quiet = "stay as they are" if playback.quiet == "left" else "up as far as peaks allow"
        ways.append(
            replace(
                matched,
                id="platform",
                name=f"As {platform.name} plays them",
                description=f"Over the whole song, louder ones are turned down to "
                f"{playback.integrated_lufs:g} LUFS; quieter ones {quiet}.",
                gains_db=tuple(platform_gains_db(levels, playback)),
            )
        )
    return tuple(_settled(way, levels, file_gains_db) for way in ways)


def _settled(way: AbLevel, levels: Sequence[HeardLevel], file_gains_db: Sequence[float]) -> AbLevel:
    """Return a way whose gains keep all under full scale and count from the files."""
    common = common_gain_db(levels, way.gains_db)
    lower = f" All are {-common:.1f} dB lower, so that none is clipped." if common < 0.0 else ""
    heard = [gain + common for gain in way.gains_db]
    lufs = [level.loudness_lufs(gain) for level, gain in zip(levels, heard, strict=True)]
    known = [value for value in lufs if value is not None]
    return replace(
        way,
        description=way.description + lower,
        gains_db=tuple(_rounded(h - f) for h, f in zip(heard, file_gains_db, strict=True)),
        loudness_lufs=tuple(lufs),
        spread_lu=max(known) - min(known) if known else None,
    )


def _rounded(gain_db: float) -> float:
    """Return a gain without the dust of subtraction: equal gains are 0."""
    return round(gain_db, 9) + 0.0


def loudest_stretch(powers: Block, slices: int) -> int:
    """Return the slice with which the loudest stretch begins.

    Args:
        powers: ``(slices,)``.
        slices: Its length.
    """
    if slices >= powers.size:
        return 0
    total = np.concatenate(([0.0], np.cumsum(powers)))
    return int(np.argmax(total[slices:] - total[:-slices]))


def loop_of(levels: Sequence[HeardLevel], duration_s: float) -> tuple[float, float]:
    """Return where the loudest part begins and ends, all versions counted alike."""
    length = min(LOOP_S, duration_s)
    together = np.zeros(levels[0].powers.size)
    for level in levels:
        total = float(level.powers.sum())
        if total > 0.0:
            together += level.powers / total
    start = loudest_stretch(together, round(length * SLICES_PER_SECOND)) / SLICES_PER_SECOND
    return start, min(duration_s, start + length)
