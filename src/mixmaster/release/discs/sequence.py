"""Files one after the other: gaps, gapless joins and crossfades, in blocks.

Every file is copied sample for sample; only a crossfade computes anything. What is sequenced is
therefore, away from crossfades, bit for bit what the files hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, Block, zeros
from mixmaster.audio.names import shown
from mixmaster.audio.source import AudioSource, open_source
from mixmaster.dsp import fades
from mixmaster.errors import AudioFileError, RefusedError
from mixmaster.units import gain_to_db

Law = Literal["equal_power", "linear"]
"""How a crossfade runs, see `dsp.fades.weight`."""


@dataclass(frozen=True, slots=True)
class Laid:
    """A file's place in a programme.

    Attributes:
        path: The file, mono or stereo; mono goes to both channels.
        start: Its first frame, counted from the programme's.
        frames: How many of its frames there are.
        fade_in: Over how many frames it takes over from what lies before.
        law: How it takes over.
    """

    path: Path
    start: int
    frames: int
    fade_in: int = 0
    law: Law = "equal_power"

    @property
    def stop(self) -> int:
        """The frame after its last."""
        return self.start + self.frames


def programme(
    laid: Sequence[Laid], frames: int, sample_rate_hz: int, block_frames: int = BLOCK_FRAMES
) -> Iterator[Block]:
    """Yield a programme in stereo blocks, ``(2, frames)``; silence where no file lies.

    Memory does not grow with length: no more files are open than sound together.

    Args:
        laid: The files in order; each may overlap with the one before by its ``fade_in``.
        frames: The programme's length.
        sample_rate_hz: The rate that all files must have.
        block_frames: The length of every block but the last; the samples do not depend on it.

    Raises:
        AudioFileError: For a file of another rate, more than two channels, or not as long as laid.
        SignalError: For NaN or infinity in a file.
    """
    opened: dict[int, AudioSource] = {}
    with ExitStack() as stack:
        for first in range(0, frames, block_frames):
            stop = min(first + block_frames, frames)
            block = zeros(2, stop - first)
            for number, each in enumerate(laid):
                low, high = max(first, each.start), min(stop, each.stop)
                if low >= high:
                    continue
                if number not in opened:
                    opened[number] = stack.enter_context(_opened(each, sample_rate_hz))
                _lay(each, _read(opened[number], each, high - low), low, block[:, low - first :])
                if high == each.stop:
                    opened[number].close()
            yield block


def _opened(each: Laid, sample_rate_hz: int) -> AudioSource:
    source = open_source(each.path)
    rate, channels, found = source.info.sample_rate_hz, source.channels, source.frames
    problem = ""
    if rate != sample_rate_hz:
        problem = f"its rate is {rate} Hz where {sample_rate_hz} Hz are needed"
    elif channels > 2:
        problem = f"it has {channels} channels where 1 or 2 are needed"
    elif found != each.frames:
        problem = f"it has {found} frames, but {each.frames} were planned"
    if problem:
        source.close()
        raise AudioFileError(shown(each.path), problem, "render it again for this place")
    return source


def _read(source: AudioSource, each: Laid, frames: int) -> Block:
    audio = source.read(frames)
    if audio.shape[1] < frames:
        reason = f"it ended early, {each.frames} frames were planned"
        raise AudioFileError(shown(each.path), reason, "render it again")
    return audio if source.channels == 2 else np.broadcast_to(audio, (2, frames))


def _lay(each: Laid, audio: Block, first: int, onto: Block) -> None:
    """Write frames of a file over what lies there, from its frame ``first`` of the programme on."""
    frames = audio.shape[1]
    fading = min(max(0, each.start + each.fade_in - first), frames)
    if fading:
        place = first - each.start
        share = fades.progress(place, place + fading, each.fade_in)
        onto[:, :fading] = fades.blend(onto[:, :fading], audio[:, :fading], share, each.law)
    onto[:, fading:frames] = audio[:, fading:]


def below_full_scale(blocks: Iterator[Block], sample_rate_hz: int, where: str) -> Iterator[Block]:
    """Pass blocks on, as long as no sample lies beyond full scale: integers would clip it.

    Raises:
        RefusedError: With the place and the peak.
    """
    first = 0
    for block in blocks:
        level = np.abs(block).max(axis=0)
        if level.size and level.max() > 1.0:
            place = int(np.argmax(level))
            time_s = (first + place) / sample_rate_hz
            peak_dbfs = gain_to_db(float(level[place]))
            raise RefusedError(
                where,
                f"{time_s:.3f} s after its first frame the programme passes full scale, "
                f"{peak_dbfs:+.2f} dBFS",
                "turn the tracks down, or crossfade like material with the linear law",
                {"sample_peak_dbfs": peak_dbfs, "time_s": time_s},
            )
        first += block.shape[1]
        yield block
