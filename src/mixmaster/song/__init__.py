"""The demo song: a short multitrack, synthesised from a score, also the project's test audio."""

from __future__ import annotations

from mixmaster.song.files import write_song
from mixmaster.song.score import DURATION_S, SAMPLE_RATE_HZ, TEMPO_BPM
from mixmaster.song.stems import Stem, generate

__all__ = ["DURATION_S", "SAMPLE_RATE_HZ", "TEMPO_BPM", "Stem", "generate", "write_song"]
