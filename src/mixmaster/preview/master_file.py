"""A master, read once: its figures, and what gains are decided by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, Block
from mixmaster.audio.convert import converted_frames
from mixmaster.audio.formats import MOST_CHANNELS
from mixmaster.audio.names import shown
from mixmaster.audio.source import AudioInfo, content_hash, open_source
from mixmaster.engine.measuring import MEASURED_BLOCK_FRAMES
from mixmaster.errors import AudioFileError, UsageError
from mixmaster.metering.loudness import (
    SLICES_PER_SECOND,
    BlockPowers,
    channel_weights,
    integrated_lufs,
)
from mixmaster.metering.true_peak import TruePeakMeter
from mixmaster.mixing.plan import Section
from mixmaster.units import db_to_gain, db_to_power


class Level:
    """Loudness and peaks of a signal that runs by.

    Args:
        sample_rate_hz: The rate.
        channels: 1 or 2.
        dual_mono: Count a mono signal twice.
        where: What is measured, for errors.
    """

    def __init__(
        self, sample_rate_hz: int, channels: int, *, dual_mono: bool = False, where: str = ""
    ) -> None:
        self._weights = channel_weights(channels, dual_mono=dual_mono)
        self._powers = BlockPowers(sample_rate_hz, channels, where=where)
        self._peak = TruePeakMeter(sample_rate_hz, channels)

    def update(self, block: Block) -> None:
        """Take the next block, ``(channels, frames)``, of any length.

        Raises:
            SignalError: For NaN, infinity, or a sample over +300 dBFS.
        """
        self.update_powers(block)
        self._peak.update(block)

    def update_powers(self, block: Block) -> None:
        """Take the next block for the loudness alone."""
        self._powers.update(block)

    @property
    def powers(self) -> Block:
        """The weighted power of all channels in slices of 10 ms, ``(slices,)``."""
        return np.asarray(self._weights @ self._powers.powers)

    @property
    def integrated_lufs(self) -> float | None:
        """Gated loudness; None if nothing passes the gates."""
        return loudness_of(self.powers)

    @property
    def true_peak_dbtp(self) -> float | None:
        """The true peak; None for digital silence."""
        return self._peak.result()


def loudness_of(powers: Block, gain_db: float = 0.0) -> float | None:
    """Return the integrated loudness of weighted powers, ``(slices,)``, after a gain."""
    return integrated_lufs(powers[np.newaxis, :] * db_to_power(gain_db), np.ones(1))


@dataclass(frozen=True, slots=True, eq=False)
class Master:
    """A master and what one reading found.

    Attributes:
        path: The file.
        info: What its header says.
        sha256: Of its bytes.
        frames: Its length, as read.
        powers: Weighted power in slices of 10 ms, ``(slices,)``.
        integrated_lufs: Of all of it; None if it has none.
        true_peak_dbtp: Of all of it; None for digital silence.
        dual_mono: Whether a mono master counts twice.
        passage: First frame of what is listened to, and the one after the last.
        notes: What was to be said of the file.
    """

    path: Path
    info: AudioInfo
    sha256: str
    frames: int
    powers: Block
    integrated_lufs: float | None
    true_peak_dbtp: float | None
    dual_mono: bool
    passage: tuple[int, int]
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self.path.name

    @property
    def is_whole(self) -> bool:
        """Whether all of it is listened to."""
        return self.passage == (0, self.frames)

    def frames_at(self, sample_rate_hz: int) -> int:
        """Return how many frames are listened to, at a rate."""
        start, stop = self._passage_at(sample_rate_hz)
        return stop - start

    def blocks(
        self,
        sample_rate_hz: int | None = None,
        *,
        gain_db: float = 0.0,
        block_frames: int = BLOCK_FRAMES,
    ) -> Iterator[Block]:
        """Yield what is listened to, at a rate (None: the file's own) and after a gain."""
        rate = sample_rate_hz or self.info.sample_rate_hz
        start, stop = self._passage_at(rate)
        gain = db_to_gain(gain_db)
        with open_source(self.path, sample_rate_hz=rate) as source:
            for block in source.blocks(block_frames, start, stop):
                yield block if gain == 1.0 else block * gain

    def whole(self, gain_db: float = 0.0) -> Iterator[Block]:
        """Yield all of it at its own rate, after a gain."""
        gain = db_to_gain(gain_db)
        with open_source(self.path) as source:
            for block in source.blocks():
                yield block if gain == 1.0 else block * gain

    def level(self, sample_rate_hz: int | None = None) -> Level:
        """Return an empty meter for signals of its kind, at a rate (None: its own)."""
        rate = sample_rate_hz or self.info.sample_rate_hz
        return Level(rate, self.info.channels, dual_mono=self.dual_mono, where=self.name)

    def _passage_at(self, rate: int) -> tuple[int, int]:
        own = self.info.sample_rate_hz
        start, stop = (converted_frames(frame, own, rate) for frame in self.passage)
        return start, stop


def read_master(
    path: Path,
    *,
    section: Section | None = None,
    dual_mono: bool = False,
    strict: bool = False,
    progress: Callable[[float], None] = lambda _: None,
) -> Master:
    """Read a master once, from beginning to end.

    Args:
        path: A mono or stereo file.
        section: What of it is listened to; None for all.
        dual_mono: Count a mono file twice.
        strict: Whether a file shorter than its header says is an error.
        progress: Told how much is read.

    Raises:
        AudioFileError: For a file that cannot be used, or of more than two channels.
        SignalError: For NaN or infinity in it.
        UsageError: For a section outside the file.
    """
    with open_source(path, strict=strict) as source:
        if source.channels > MOST_CHANNELS:
            reason = f"it has {source.channels} channels"
            raise AudioFileError(shown(path), reason, "a preview is of mono or stereo masters")
        level = Level(
            source.sample_rate_hz, source.channels, dual_mono=dual_mono, where=shown(path)
        )
        frames = 0
        for block in source.blocks(MEASURED_BLOCK_FRAMES):
            level.update(block)
            frames += block.shape[1]
            progress(min(1.0, frames / max(1, source.frames)))
        info, notes = source.info, tuple(source.notes)
    powers = level.powers
    passage = _passage(section, frames, info.sample_rate_hz, powers, shown(path))
    return Master(
        path=path,
        info=info,
        sha256=content_hash(path),
        frames=frames,
        powers=powers,
        integrated_lufs=loudness_of(powers),
        true_peak_dbtp=level.true_peak_dbtp,
        dual_mono=dual_mono,
        passage=passage,
        notes=notes,
    )


def _passage(
    section: Section | None, frames: int, rate: int, powers: Block, name: str
) -> tuple[int, int]:
    if section is None:
        return 0, frames
    if section.loudest_s is not None:
        length = min(frames, round(section.loudest_s * rate))
        slices = max(1, round(section.loudest_s * SLICES_PER_SECOND))
        if slices >= powers.size:
            return 0, frames
        sums = np.concatenate(([0.0], np.cumsum(powers)))
        start = int(np.argmax(sums[slices:] - sums[:-slices])) * rate // SLICES_PER_SECOND
        start = max(0, min(start, frames - length))
        return start, start + length
    start = round(section.from_s * rate)
    stop = frames if section.to_s is None else min(frames, round(section.to_s * rate))
    if not start < stop:
        reason = f"{section.from_s:g} s lies outside the song"
        raise UsageError("--from", reason, f"{name} is {frames / rate:.2f} s long")
    return start, stop


def level_of_passage(master: Master) -> tuple[float | None, float | None]:
    """Return loudness and true peak of what is listened to of a master."""
    if master.is_whole:
        return master.integrated_lufs, master.true_peak_dbtp
    level = master.level()
    for block in master.blocks():
        level.update(block)
    return level.integrated_lufs, level.true_peak_dbtp
