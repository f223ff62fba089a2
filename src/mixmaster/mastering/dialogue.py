"""Where somebody speaks: loudness gated on a dialogue stem.

Dolby's Dialogue Intelligence finds speech in a programme by itself and measures the programme
there, music and effects under the voice included. Here the dialogue stem says where speech is: in
the gating blocks (400 ms every 100 ms) in which the stem alone passes both gates of BS.1770-5.
Pauses between words are as long in both; what a detector takes for speech and is none, or misses,
is the difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block
from mixmaster.audio.names import shown
from mixmaster.audio.source import open_source
from mixmaster.errors import AudioFileError
from mixmaster.metering.loudness import (
    LoudnessMeter,
    gating_block_powers,
    lufs_of_power,
)
from mixmaster.units import db_to_power

_BLOCKS_PER_SECOND: Final = 10  # gating blocks begin every 100 ms
_ABSOLUTE_GATE_LUFS: Final = -70.0  # BS.1770-5, Annex 1
_RELATIVE_GATE_LU: Final = -10.0  # BS.1770-5, Annex 1


@dataclass(frozen=True, slots=True)
class Speech:
    """Where somebody speaks.

    Attributes:
        blocks: For each gating block of the mix whether it holds speech, ``(blocks,)``.
    """

    blocks: npt.NDArray[np.bool_]

    def later(self, seconds: float) -> Speech:
        """Return the same for a programme whose beginning is that much later (or earlier)."""
        hops = round(seconds * _BLOCKS_PER_SECOND)
        if hops >= 0:
            return Speech(np.concatenate((np.zeros(hops, dtype=np.bool_), self.blocks)))
        return Speech(self.blocks[-hops:])

    def lufs(self, slices: Block) -> float | None:
        """Return a programme's loudness where there is speech; None where there is none.

        Args:
            slices: Its weighted power in slices of 10 ms, ``(slices,)``.
        """
        powers = gating_block_powers(slices)
        count = min(powers.size, self.blocks.size)
        heard = powers[:count][self.blocks[:count]]
        heard = heard[heard > 0.0]
        return lufs_of_power(float(heard.mean())) if heard.size else None

    def share(self, slices: Block) -> float:
        """Return how much of a programme holds speech: of its blocks above -70 LUFS, 0 to 1."""
        sounding = _passing(gating_block_powers(slices), _ABSOLUTE_GATE_LUFS)
        count = min(sounding.size, self.blocks.size)
        total = int(sounding.sum())
        return float((sounding[:count] & self.blocks[:count]).sum() / total) if total else 0.0


def _passing(powers: Block, gate_lufs: float) -> npt.NDArray[np.bool_]:
    # The gate as a power: no logarithm of every block, and none of silence.
    return np.asarray(powers > db_to_power(gate_lufs - lufs_of_power(1.0)))


def slices_of(path: Path, *, dual_mono: bool = False) -> tuple[Block, float]:
    """Return a file's weighted power in slices of 10 ms, ``(slices,)``, and its length in s.

    Raises:
        AudioFileError: For a file that cannot be used.
        SignalError: For NaN or infinity in it.
    """
    with open_source(path) as source:
        if source.channels > 2:
            raise AudioFileError(
                shown(path), f"it has {source.channels} channels", "a dialogue stem has 1 or 2"
            )
        meter = LoudnessMeter(
            source.sample_rate_hz, source.channels, dual_mono=dual_mono, where=shown(path)
        )
        frames = 0
        for block in source.blocks():
            meter.update(block)
            frames += block.shape[1]
        return meter.weights @ meter.blocks.powers, frames / source.sample_rate_hz


def find_speech(stem: Path, mix_s: float) -> Speech:
    """Return where a dialogue stem speaks.

    Args:
        stem: Starts with the mix and is as long.
        mix_s: The mix's length.

    Raises:
        AudioFileError: For a stem that cannot be used, is silent, or not as long as the mix.
        SignalError: For NaN or infinity in it.
    """
    slices, length_s = slices_of(stem)
    if abs(length_s - mix_s) > 1.0:
        raise AudioFileError(
            shown(stem),
            f"it lasts {length_s:.2f} s, the mix {mix_s:.2f} s",
            "a dialogue stem starts with the mix and is as long",
        )
    powers = gating_block_powers(slices)
    sounding = _passing(powers, _ABSOLUTE_GATE_LUFS)
    if not sounding.any():
        raise AudioFileError(
            shown(stem), "it is silent: nobody speaks", "see that it is the dialogue"
        )
    gate = lufs_of_power(float(powers[sounding].mean())) + _RELATIVE_GATE_LU
    return Speech(sounding & _passing(powers, gate))
