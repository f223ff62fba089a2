"""Stems as the engine reads them: files at the session's rate, two mono files as one pair."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mixmaster.arrays import Block, zeros
from mixmaster.audio.names import shown
from mixmaster.audio.source import AudioInfo, AudioSource, open_source
from mixmaster.mixing.regions.arranged import Arranged, ArrangedSource


@dataclass(slots=True)
class StemSource:
    """One stem: a file, or the two files of a pair, as channels of one signal.

    Attributes:
        id: The instance's id.
        files: One file, or left and right.
        sample_rate_hz: The session's rate; files of another rate are converted.
        strict: Whether a file shorter than its header says is an error.
        skipped_frames: How many frames at the session's rate are left out at its beginning.
        arranged: Those of its files that have regions, by their paths.
        notes: What the files had to say while they were read: cut short, damaged, ...
    """

    id: str
    files: tuple[AudioInfo, ...]
    sample_rate_hz: int
    strict: bool = False
    skipped_frames: int = 0
    arranged: Mapping[Path, Arranged] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _open: list[AudioSource | ArrangedSource] = field(default_factory=list)

    @property
    def channels(self) -> int:
        """Channels of the blocks."""
        return sum(info.channels for info in self.files)

    @property
    def frames(self) -> int:
        """Frames at the session's rate, of the longest file, from the first that is used."""
        longest = max(self._frames_of(info) for info in self.files)
        return max(0, longest - self.skipped_frames)

    def _frames_of(self, info: AudioInfo) -> int:
        arranged = self.arranged.get(info.path)
        if arranged is not None:
            return arranged.frames
        return round(info.frames * self.sample_rate_hz / info.sample_rate_hz)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files' paths."""
        return tuple(info.path for info in self.files)

    @property
    def takes(self) -> tuple[AudioInfo, ...]:
        """The files besides its own that its regions are pieces of, each once."""
        takes = (info for arranged in self.arranged.values() for info in arranged.takes)
        return tuple({info.path: info for info in takes}.values())

    def open_file(
        self, info: AudioInfo, *, sample_rate_hz: int | None = None
    ) -> AudioSource | ArrangedSource:
        """Open one of its files, with its regions where it has any.

        Args:
            info: The file.
            sample_rate_hz: The rate wanted; None for the file's own, or the session's where it
                has regions.
        """
        arranged = self.arranged.get(info.path)
        if arranged is not None:
            return arranged.open()
        return open_source(info.path, sample_rate_hz=sample_rate_hz, strict=self.strict)

    def open_at(self, start_frame: int) -> Callable[[int], Block]:
        """Return a reader of the next ``n`` frames from ``start_frame`` on.

        The files are open until the last frame has been read, or until `close`.
        """
        self.close()
        self._open = [
            self.open_file(info, sample_rate_hz=self.sample_rate_hz) for info in self.files
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
            source.close()
            said = source.notes
            if isinstance(source, AudioSource):  # others name the files themselves
                said = [f"{shown(source.info.path.name)}: {note}" for note in said]
            self.notes += [note for note in said if note not in self.notes]
        self._open = []
