"""The vocal level: how loud the voice stands over all else, where it sings."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np

from mixmaster.arrays import Block
from mixmaster.audio.names import shown
from mixmaster.audio.source import open_source
from mixmaster.engine.threads import one_blas_thread
from mixmaster.errors import UsageError
from mixmaster.metering.loudness import (
    SLICES_PER_SECOND,
    BlockPowers,
    channel_weights,
    lufs_of_power,
)
from mixmaster.units import power_to_db

_ABSOLUTE_GATE_LUFS: Final = -70.0  # BS.1770-5, Annex 1
_RELATIVE_GATE_LU: Final = -10.0  # BS.1770-5, Annex 1
_LEAST_S: Final = 2.0
_HOP: Final = 10


def vocal_level_lu(vocal: Block, rest: Block) -> float | None:
    """Return how much louder the voice is than the rest, where it sings, in LU.

    Where it sings are the tenths of a second that pass BS.1770's gates over the voice alone: short
    ones, so that the band between two phrases does not count. The K-weighted powers there are
    averaged, of the voice and of the rest. A voice at 0 LU is as loud as all else together; in
    popular music it stands some LU under that.

    Args:
        vocal: Weighted powers of the voice in slices of 10 ms, ``(slices,)``, see `powers_of`.
        rest: Those of everything else, from the same moment on; what is shorter ends in silence.

    Returns:
        None where the voice sings for less than 2 s, or nothing else is there.
    """
    hops = -(-max(vocal.size, rest.size) // _HOP)
    voice, others = (
        np.pad(each, (0, hops * _HOP - each.size)).reshape(-1, _HOP).mean(axis=1)
        for each in (vocal, rest)
    )
    lufs = np.array([lufs_of_power(power) for power in voice.tolist()])
    sings = lufs > _ABSOLUTE_GATE_LUFS
    if not sings.any():
        return None
    sings &= lufs > lufs_of_power(float(voice[sings].mean())) + _RELATIVE_GATE_LU
    if np.count_nonzero(sings) * _HOP < _LEAST_S * SLICES_PER_SECOND:
        return None
    beside = float(others[sings].mean())
    if not lufs_of_power(beside) > _ABSOLUTE_GATE_LUFS:
        return None
    return power_to_db(float(voice[sings].mean()) / beside)


def powers_of(blocks: Iterable[Block], sample_rate_hz: int, channels: int) -> Block:
    """Return the weighted powers of a signal in slices of 10 ms, ``(slices,)``.

    Mono counts twice, as it sounds from two loudspeakers: a voice's stem may be mono, the rest
    stereo.
    """
    powers = BlockPowers(sample_rate_hz, channels)
    for block in blocks:
        powers.update(block)
    return np.asarray(channel_weights(channels, dual_mono=True) @ powers.powers)


def vocal_level_of_files(vocal: Path, rest: Path) -> float | None:
    """Return the vocal level of a voice's stem and of everything else's, see `vocal_level_lu`.

    Args:
        vocal: The printed stem of the voice, or of all voices together.
        rest: The instrumental version, from the same moment on.

    Raises:
        AudioFileError: For a file that cannot be used.
        SignalError: For NaN or infinity in one.
        UsageError: For a file compared with itself.
    """
    _require_two(vocal, rest)
    found = []
    with one_blas_thread(), ExitStack() as stack:
        for path in (vocal, rest):
            source = stack.enter_context(open_source(path))
            found.append(powers_of(source.blocks(), source.sample_rate_hz, source.channels))
    return vocal_level_lu(found[0], found[1])


def vocal_level_of_versions(mix: Path, instrumental: Path) -> float | None:
    """Return the vocal level of a mix and its instrumental version, see `vocal_level_lu`.

    The voice is what the one has and the other has not: of a session's versions, printed together,
    that is its stem with its reverb, to the sample where the version takes the mix's own dynamics
    (``dynamics = "main"``). Where it does not, buses that let go without the voice count as voice.

    Args:
        mix: The whole mix, as printed.
        instrumental: The version without voices, printed with it.

    Raises:
        AudioFileError: For a file that cannot be used.
        SignalError: For NaN or infinity in one.
        UsageError: For a file compared with itself, or two that are no versions of one mix.
    """
    _require_two(mix, instrumental)
    with one_blas_thread(), open_source(mix) as whole, open_source(instrumental) as rest:
        rate, channels = whole.sample_rate_hz, whole.channels
        if (rest.sample_rate_hz, rest.channels) != (rate, channels):
            reason = f"has {rest.channels} channels at {rest.sample_rate_hz} Hz"
            hint = f"the mix has {channels} at {rate} Hz"
            raise UsageError(shown(instrumental), reason, hint)
        meters = BlockPowers(rate, channels), BlockPowers(rate, channels)
        for block in whole.blocks():
            other = rest.read(block.shape[1])
            other = np.pad(other, ((0, 0), (0, block.shape[1] - other.shape[1])))
            meters[0].update(block - other)
            meters[1].update(other)
    weights = channel_weights(channels, dual_mono=True)
    voice, others = (np.asarray(weights @ each.powers) for each in meters)
    return vocal_level_lu(voice, others)


def _require_two(one: Path, other: Path) -> None:
    if one.resolve() == other.resolve():
        raise UsageError(shown(one), "is given as the voice and as the rest", "give two files")
