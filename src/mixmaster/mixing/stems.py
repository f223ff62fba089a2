"""Stems as the engine reads them: files at the session's rate, two mono files as one pair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mixmaster.arrays import Block, zeros
from mixmaster.audio.names import shown
from mixmaster.audio.source import AudioInfo, AudioSource, open_source


@dataclass(slots=True)
class StemSource:
    """One stem: a file, or the two files of a pair, as channels of one signal.

    Attributes:
        id: The instance's id.
        files: One file, or left and right.
        sample_rate_hz: The session's rate; files of another rate are converted.
        strict: Whether a file shorter than its header says is an error.
        skipped_frames: How many frames at the session's rate are left out at its beginning.
        notes: What the files had to say while they were read: cut short, damaged, ...
    """

    id: str
    files: tuple[AudioInfo, ...]
    sample_rate_hz: int
    strict: bool = False
    skipped_frames: int = 0
    notes: list[str] = field(default_factory=list)
    _open: list[AudioSource] = field(default_factory=list)

    @property
    def channels(self) -> int:
        """Channels of the blocks."""
        return sum(info.channels for info in self.files)

    @property
    def frames(self) -> int:
        """Frames at the session's rate, of the longest file, from the first that is used."""
        longest = max(
            round(info.frames * self.sample_rate_hz / info.sample_rate_hz) for info in self.files
        )
        return max(0, longest - self.skipped_frames)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files' paths."""
        return tuple(info.path for info in self.files)

    def open_at(self, start_frame: int) -> Callable[[int], Block]:
        """Return a reader of the next ``n`` frames from ``start_frame`` on.

        The files are open until the last frame has been read, or until `close`.
        """
        self.close()
        self._open = [
            open_source(info.path, sample_rate_hz=self.sample_rate_hz, strict=self.strict)
            for info in self.files
        ]
        for source in self._open:
            source.seek(start_frame + self.skipped_frames)

        def read(frames: int) -> Block:
            parts = [source.read(frames) for source in self._open]
            if not parts or max(part.shape[1] for part in parts) == 0:
                self.close()
                return zeros(self.channels, 0)
            if len(parts) == 1:
                return parts[0]
            length = max(part.shape[1] for part in parts)
            return np.concatenate(
                [np.pad(part, ((0, 0), (0, length - part.shape[1]))) for part in parts]
            )

        return read

    def close(self) -> None:
        """Close the files and keep their notes; again does nothing."""
        for source in self._open:
            said = [f"{shown(source.info.path.name)}: {note}" for note in source.notes]
            self.notes += [note for note in said if note not in self.notes]
            source.close()
        self._open = []
