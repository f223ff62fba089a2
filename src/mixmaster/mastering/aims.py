"""What a master's loudness is measured by, and how far it is from what is wanted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixmaster.arrays import Block
from mixmaster.mastering.dialogue import Speech
from mixmaster.metering.loudness import integrated_lufs, short_term_lufs


@dataclass(frozen=True, slots=True)
class Aims:
    """The loudness that is wanted; where there are two figures, the stricter one counts.

    Attributes:
        integrated_lufs: Of the whole programme, or of its dialogue.
        short_term_lufs: Of the loudest 3 s.
        speech: Where the dialogue is that ``integrated_lufs`` is meant of; None for all.
    """

    integrated_lufs: float | None = None
    short_term_lufs: float | None = None
    speech: Speech | None = None

    def __bool__(self) -> bool:
        """Whether any loudness is wanted."""
        return self.integrated_lufs is not None or self.short_term_lufs is not None

    def over_lu(self, slices: Block) -> float | None:
        """Return how far a programme is over what is wanted; below 0 under it; None if silent.

        Args:
            slices: Its weighted power in slices of 10 ms, ``(slices,)``.
        """
        over: list[float] = []
        if self.integrated_lufs is not None:
            lufs = _integrated(slices) if self.speech is None else self.speech.lufs(slices)
            over += [] if lufs is None else [lufs - self.integrated_lufs]
        if self.short_term_lufs is not None:
            loudest = _loudest(slices)
            over += [] if loudest is None else [loudest - self.short_term_lufs]
        return max(over, default=None)

    def words(self) -> str:
        """Return what is wanted, in words."""
        said = []
        if self.integrated_lufs is not None:
            of = "" if self.speech is None else " of dialogue"
            said.append(f"{self.integrated_lufs:.2f} LUFS{of}")
        if self.short_term_lufs is not None:
            said.append(f"{self.short_term_lufs:.2f} LUFS in its loudest 3 s")
        return " and ".join(said) or "its loudness"


def _integrated(slices: Block) -> float | None:
    return integrated_lufs(slices[None, :], np.ones(1))


def _loudest(slices: Block) -> float | None:
    values = short_term_lufs(slices[None, :], np.ones(1))
    highest = float(values.max()) if values.size else -np.inf
    return highest if highest > -np.inf else None
