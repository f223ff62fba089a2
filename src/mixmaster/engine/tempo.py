"""The tempo as inserts are told it: steps on the block grid, the same for any block size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mixmaster.arrays import GRID_FRAMES
from mixmaster.documents.tempo import TempoMap


@dataclass(frozen=True, slots=True)
class TempoSteps:
    """Cuts blocks where the tempo changes.

    A change is told at the first multiple of 4,096 frames at or after it (85 ms late at most at
    48 kHz); a glide is told at each of them. So what an insert hears does not depend on the
    blocks that the engine works in.

    Attributes:
        tempo_map: The tempo.
        sample_rate_hz: The session's rate.
        latency_samples: How late the insert's signal is.
    """

    tempo_map: TempoMap
    sample_rate_hz: int
    latency_samples: int

    def pieces(self, start_frame: int, frames: int) -> Iterator[tuple[int, int, float]]:
        """Yield begin and end of each piece, from the block's start, and its tempo.

        Args:
            start_frame: The block's first frame, a multiple of 4,096.
            frames: The block's length.
        """
        begin, tempo_bpm = 0, self._tempo_bpm(start_frame)
        for cell in range(GRID_FRAMES, frames, GRID_FRAMES):
            following = self._tempo_bpm(start_frame + cell)
            if following != tempo_bpm:
                yield begin, cell, tempo_bpm
                begin, tempo_bpm = cell, following
        yield begin, frames, tempo_bpm

    def _tempo_bpm(self, frame: int) -> float:
        return self.tempo_map.tempo_bpm_at((frame - self.latency_samples) / self.sample_rate_hz)
