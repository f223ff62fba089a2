"""The tempo map as curves, for effects that follow a tempo which changes while audio plays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mixmaster.arrays import Block
from mixmaster.documents.tempo import TempoMap

TEMPO = "tempo_bpm"
"""The name under which a following effect is told the tempo, quarter notes a minute."""

POSITION = "song_quarters"
"""The name under which it is told where the song is, in quarter notes from bar 1."""


class TempoCurve:
    """Tempo or position, a value a frame, of the absolute frame alone.

    Args:
        tempo_map: The tempo.
        sample_rate_hz: The session's rate.
        position: Whether it is the position in quarter notes rather than the tempo.
    """

    def __init__(self, tempo_map: TempoMap, sample_rate_hz: int, *, position: bool = False) -> None:
        table = np.array(tempo_map.stretches())
        self._seconds, self._quarters, self._tempos, self._slopes = table.T
        self._rate = sample_rate_hz
        self._position = position

    def values(self, start_frame: int, frames: int) -> Block:
        """Return the values of ``frames`` frames from ``start_frame`` on, ``(frames,)``.

        In a stretch with tempo b0 whose tempo grows by k a quarter note, db/dt = k b / 60: the
        tempo is b0 exp(k t / 60), the position (b - b0) / k, or b0 t / 60 where k is 0.
        """
        out = np.empty(frames)
        seconds = np.arange(start_frame, start_frame + frames) / self._rate
        edges = np.searchsorted(seconds, self._seconds[1:], side="left")
        begins, ends = [0, *edges], [*edges, frames]
        for at, (begin, end) in enumerate(zip(begins, ends, strict=True)):
            if end > begin:
                out[begin:end] = self._within(at, seconds[begin:end] - self._seconds[at])
        return out

    def _within(self, at: int, passed_s: Block) -> Block | float:
        early = passed_s
        tempo, slope = self._tempos[at], self._slopes[at]
        if slope == 0.0:
            if self._position:
                return np.asarray(self._quarters[at] + passed_s * (tempo / 60.0))
            return float(tempo)
        if at == 0:
            # Before bar 1 the first tempo holds; its glide begins there.
            early, passed_s = np.minimum(passed_s, 0.0), np.maximum(passed_s, 0.0)
        grown = np.expm1(passed_s * (slope / 60.0))
        if not self._position:
            return np.asarray(tempo + tempo * grown)
        quarters = self._quarters[at] + (tempo / slope) * grown
        if at == 0:
            quarters += early * (tempo / 60.0)
        return np.asarray(quarters)


def tempo_curves(tempo_map: TempoMap | None, sample_rate_hz: int) -> Mapping[str, TempoCurve]:
    """Return the curves of a tempo that moves, by name; none where it stands still."""
    if tempo_map is None or tempo_map.is_constant:
        return {}
    return {
        TEMPO: TempoCurve(tempo_map, sample_rate_hz),
        POSITION: TempoCurve(tempo_map, sample_rate_hz, position=True),
    }
