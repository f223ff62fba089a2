"""How an equaliser's bands are run: on all channels, on each side, or on mid and side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mixmaster.arrays import Block
from mixmaster.dsp import filters
from mixmaster.dsp.convolver import Convolver
from mixmaster.dsp.decay import SILENCE, ring_out_samples
from mixmaster.dsp.linear_phase import longest_kernel_s, padded_kernel, symmetric_kernel
from mixmaster.dsp.sos import GridSosFilter
from mixmaster.dsp.swept import STEP_FRAMES, SweptSection
from mixmaster.effects.base import BlockContext, Context, Processor
from mixmaster.effects.eq_bands import EqBand
from mixmaster.effects.keyless import misfit
from mixmaster.effects.lanes import left_and_right, mid_and_side


@dataclass(frozen=True, slots=True)
class PlacedBand:
    """A band that does something, or that automation may make do something.

    Attributes:
        band: What the document says.
        moved: The addresses that automation moves, by the figure of the band that they mean:
            ``{"gain_db": "bands.1.gain_db"}``.
    """

    band: EqBand
    moved: dict[str, str]

    def longest_sections(self, sample_rate_hz: int) -> Block:
        """Return the sections that ring longest of all that the band may become."""
        if not self.moved:
            return self.band.sections(sample_rate_hz)
        return self.band.moved_sections(self.band.longest_ringing(self.moved), sample_rate_hz)


Chain = tuple[PlacedBand, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """Bands that run side by side.

    Attributes:
        mid_side: Whether they run on mid and side in place of left and right.
        chains: One for all channels together, or two: left and right, or mid and side.
    """

    mid_side: bool
    chains: tuple[Chain, ...]


def staged(bands: Sequence[PlacedBand]) -> list[Stage]:
    """Return the stages that bands of a stereo signal take: sides first, then mid and side."""

    def of(*channels: str) -> Chain:
        return tuple(placed for placed in bands if placed.band.channels in channels)

    stages = []
    common = "stereo"
    for mid_side, (first, second) in ((False, ("left", "right")), (True, ("mid", "side"))):
        if of(first, second):
            stages.append(Stage(mid_side, (of(common, first), of(common, second))))
            common = ""  # once is enough
    return stages or [Stage(False, (tuple(bands),))]


class EqProcessor(Processor):
    """Recursive sections: no latency, and the phase that goes with their magnitude.

    Args:
        stages: At least one band in all.
        context: What for.
    """

    def __init__(self, stages: Sequence[Stage], context: Context) -> None:
        rate = context.sample_rate_hz
        self._stages = []
        for stage in stages:
            channels = context.channels if len(stage.chains) == 1 else 1
            # Both sides of a sum, and what two stages make of each other, may be loud at once.
            level = SILENCE / (2.0 * len(stages)) if len(stage.chains) > 1 else SILENCE
            cascades = [
                np.concatenate([placed.longest_sections(rate) for placed in chain])
                for chain in stage.chains
                if chain
            ]
            self.tail_samples += max(ring_out_samples(sos, level) for sos in cascades)
            self._stages.append(
                (stage.mid_side, [_Cascade(chain, channels, rate) for chain in stage.chains])
            )

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the equalised block, ``(channels, frames)``."""
        for mid_side, (first, *others) in self._stages:
            if not others:
                block = first.process(block, at)
                continue
            sides = mid_and_side(block) if mid_side else (block[:1], block[1:])
            heard = first.process(sides[0], at), others[0].process(sides[1], at)
            block = left_and_right(*heard) if mid_side else np.concatenate(heard)
        return block


class LinearEqProcessor(Processor):
    """Kernels of the same magnitude without phase shift, half their length late.

    Args:
        stages: At least one band in all, none of them moved.
        context: What for.

    Raises:
        DocumentError: For bands so low and narrow that no kernel is long enough.
    """

    def __init__(self, stages: Sequence[Stage], context: Context) -> None:
        self._stages = []
        for stage in stages:
            found = [_linear_kernel(chain, context) for chain in stage.chains]
            taps = max(kernel.shape[0] for kernel in found)
            kernels = np.stack([padded_kernel(kernel, taps) for kernel in found])
            self.latency_samples += (taps - 1) // 2
            self._stages.append((stage.mid_side, Convolver(kernels, context.channels)))
        self.tail_samples = self.latency_samples

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the equalised block, ``(channels, frames)``."""
        del at
        for mid_side, convolver in self._stages:
            if mid_side:
                heard = convolver.process(np.concatenate(mid_and_side(block)))
                block = left_and_right(heard[:1], heard[1:])
            else:
                block = convolver.process(block)
        return block


class _Cascade:
    """One chain: the bands that stand still, then each that moves."""

    def __init__(self, chain: Chain, channels: int, sample_rate_hz: int) -> None:
        still = [placed.band.sections(sample_rate_hz) for placed in chain if not placed.moved]
        self._still = GridSosFilter(np.concatenate(still), channels) if still else None
        self._moving = [
            _MovingBand(placed, channels, sample_rate_hz) for placed in chain if placed.moved
        ]

    def process(self, block: Block, at: BlockContext) -> Block:
        if self._still is not None:
            block = self._still.process(block)
        for band in self._moving:
            block = band.process(block, at)
        return block


class _MovingBand:
    """A band whose figures automation moves: its sections are made anew every 64 frames."""

    def __init__(self, placed: PlacedBand, channels: int, sample_rate_hz: int) -> None:
        self._band = placed.band
        self._moved = placed.moved
        self._channels = channels
        self._rate = sample_rate_hz
        self._sections: list[SweptSection] = []
        self._made: tuple[tuple[float, ...], Block] = ((), np.zeros((0, 6)))

    def process(self, block: Block, at: BlockContext) -> Block:
        frames = block.shape[1]
        if not frames:
            return block
        curves = [at.automation[address] for address in self._moved.values()]
        if not self._sections:
            start = self._design(tuple(float(curve[0]) for curve in curves))
            self._sections = [SweptSection(self._channels, row) for row in start]
        ends = np.minimum(
            np.arange(STEP_FRAMES - 1, frames + STEP_FRAMES - 1, STEP_FRAMES), frames - 1
        )
        figures = zip(*(curve[ends].tolist() for curve in curves), strict=True)
        rows = np.array([self._design(values) for values in figures])
        for section, column in zip(self._sections, rows.transpose(1, 0, 2), strict=True):
            block = section.process(block, column)
        return block

    def _design(self, values: tuple[float, ...]) -> Block:
        """Return the sections of one moment; the last ones if nothing has moved."""
        if values != self._made[0]:
            moved = dict(zip(self._moved, values, strict=True))
            self._made = values, self._band.moved_sections(moved, self._rate)
        return self._made[1]


def _linear_kernel(chain: Chain, context: Context) -> Block:
    """Return the kernel of a chain, ``(taps,)``; one tap if it has no bands."""
    if not chain:
        return np.ones(1)
    rate = context.sample_rate_hz
    sos = np.concatenate([placed.band.sections(rate) for placed in chain])
    kernel = _kernel_of(sos.tobytes(), rate)
    if kernel is None:
        raise misfit(
            context.where,
            "a band is too low and narrow for linear phase: it would ring for longer than "
            f"{longest_kernel_s(rate):.1f} s",
            'a lower q, a higher frequency, or phase = "minimum"',
            "phase",
        )
    return kernel


@lru_cache(maxsize=16)
def _kernel_of(sections: bytes, sample_rate_hz: int) -> Block | None:
    """Return the kernel of a cascade given as bytes: making one takes a tenth of a second."""
    sos = np.frombuffer(sections).reshape(-1, 6)

    def amplitude(hz: Block) -> Block:
        return np.asarray(np.abs(filters.response(sos, hz, sample_rate_hz)))

    return symmetric_kernel(amplitude, sample_rate_hz)
