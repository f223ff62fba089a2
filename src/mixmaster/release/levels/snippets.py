"""Promo snippets: a part of a finished master, faded, as loud as it is there.

A snippet is cut from the finished file and nothing but its ends is touched: no gain, no limiter, so
that it is to the sample what the track is. Of a file of integers, the samples between the fades are
written as they are; only the fades are new numbers, and only they are dithered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from mixmaster.arrays import Block
from mixmaster.audio.names import shown
from mixmaster.audio.sink import FileSpec, SinkReport, open_sink
from mixmaster.audio.source import open_source, probe
from mixmaster.dsp.dither import Dither, Quantiser
from mixmaster.dsp.fades import progress, weight
from mixmaster.engine.threads import one_blas_thread
from mixmaster.errors import AudioFileError, UsageError
from mixmaster.metering.loudness import (
    SLICES_PER_SECOND,
    BlockPowers,
    channel_weights,
    lufs_of_power,
)
from mixmaster.results import Result

USUAL_S: Final = 30.0
LEAST_S: Final = 1.0
FADE_IN_S: Final = 0.5
FADE_OUT_S: Final = 2.0

_INTEGERS: Final = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24}
_FLOAT_BITS: Final = 32
_SNAP_S: Final = 1.0
"""How far a chosen start may move to where something begins."""

_BEFORE: Final = 5
_AFTER: Final = 10
"""Slices of 10 ms on either side of a moment, by which a beginning is told."""

_LIFT_S: Final = 0.02
"""So long before a beginning the snippet starts, when it is snapped to one without a fade."""


@dataclass(frozen=True, slots=True)
class Snippet(Result):
    """A part of a master.

    Attributes:
        start_frame: Where it begins.
        frames: How long it is.
        fade_in_frames: How long it comes in.
        fade_out_frames: How long it goes out.
        sample_rate_hz: The master's rate.
        chosen: The loudest part, or one that somebody named.
        loudness_lufs: The ungated loudness of the part, fades left out; None for silence.
        said: What has to be said of it.
    """

    start_frame: int
    frames: int
    fade_in_frames: int
    fade_out_frames: int
    sample_rate_hz: int
    chosen: Literal["loudest", "named"]
    loudness_lufs: float | None
    said: tuple[str, ...] = ()

    @property
    def start_s(self) -> float:
        """Where it begins, in seconds."""
        return self.start_frame / self.sample_rate_hz

    @property
    def duration_s(self) -> float:
        """How long it is."""
        return self.frames / self.sample_rate_hz


def choose_snippet(
    path: Path,
    seconds: float = USUAL_S,
    *,
    start_s: float | None = None,
    fade_in_s: float = FADE_IN_S,
    fade_out_s: float = FADE_OUT_S,
) -> Snippet:
    """Return which part of a master is its snippet.

    Without a start it is the part whose K-weighted power is the largest, and it begins where
    something begins: within a second of there, at the moment before which it is quiet and after
    which it is loud, so that it comes in with a bar rather than in the midst of a word. The fade
    lies before that moment. A start that is named is kept to the frame.

    Args:
        path: A finished master.
        seconds: How long, at least 1; never longer than the master.
        start_s: Where it begins, in seconds; None for the loudest part.
        fade_in_s: How long it comes in.
        fade_out_s: How long it goes out; both are shortened where they would meet.

    Raises:
        AudioFileError: For a file that cannot be used, or is empty.
        SignalError: For NaN or infinity in it.
        UsageError: For a start behind the end, or a length under 1 s.
    """
    if not seconds >= LEAST_S:
        raise UsageError("", f"a snippet of {seconds:g} s", f"at least {LEAST_S:g} s")
    if start_s is not None and not start_s >= 0.0:
        raise UsageError("", f"a snippet that begins at {start_s:g} s", "at 0 s or later")
    with one_blas_thread(), open_source(path) as source:
        rate = source.sample_rate_hz
        meter = BlockPowers(rate, source.channels, where=shown(path))
        total = 0
        for block in source.blocks():
            meter.update(block)
            total += block.shape[1]
        powers = np.asarray(channel_weights(source.channels, dual_mono=True) @ meter.powers)
    if not total:
        raise AudioFileError(shown(path), "it is empty", "a snippet needs sound")
    frames = min(round(seconds * rate), total)
    said = []
    if frames < round(seconds * rate):
        said.append(f"the track is only {total / rate:.1f} s long, and so is its snippet")
    fades = _fades(frames, round(fade_in_s * rate), round(fade_out_s * rate))
    if start_s is None:
        start = _loudest(powers, frames, total, fades[0], rate)
    else:
        start = round(start_s * rate)
        if start >= total:
            reason = f"it ends at {total / rate:.2f} s, and a snippet is to begin at {start_s:g} s"
            raise UsageError(shown(path), reason, "begin earlier")
        if start + frames > total:
            start = total - frames
            said.append(f"it begins at {start / rate:.2f} s, since the track ends too soon after")
    return Snippet(
        start_frame=start,
        frames=frames,
        fade_in_frames=fades[0],
        fade_out_frames=fades[1],
        sample_rate_hz=rate,
        chosen="loudest" if start_s is None else "named",
        loudness_lufs=_loudness(powers, start, frames, rate),
        said=tuple(said),
    )


def _fades(frames: int, fade_in: int, fade_out: int) -> tuple[int, int]:
    """Return the lengths of the fades, at most half of the snippet together."""
    share = min(1.0, 0.5 * frames / max(1, fade_in + fade_out))
    return round(share * fade_in), round(share * fade_out)


def _loudest(powers: Block, frames: int, total: int, fade_in: int, rate: int) -> int:
    """Return where the loudest part begins, snapped to a beginning."""
    hop = rate / SLICES_PER_SECOND
    window = max(1, int(frames / hop))
    if window >= powers.size:
        return 0
    sums = np.concatenate(([0.0], np.cumsum(powers)))
    start = int(np.argmax(sums[window:] - sums[:-window]))
    moment = _beginning(powers, start)
    lead = max(fade_in, round(_LIFT_S * rate))
    return int(min(max(0, round(moment * hop) - lead), total - frames))


def _beginning(powers: Block, near: int) -> int:
    """Return the slice near another before which it is quiet and from which on it is loud."""
    reach = round(_SNAP_S * SLICES_PER_SECOND)
    first, last = max(_BEFORE, near - reach), min(powers.size - _AFTER, near + reach)
    if first >= last:
        return near
    floor = float(powers.max()) * 1e-6 + 1e-15
    rises = [
        float(powers[at : at + _AFTER].mean() + floor)
        / float(powers[at - _BEFORE : at].mean() + floor)
        for at in range(first, last)
    ]
    return first + int(np.argmax(rises))


def _loudness(powers: Block, start: int, frames: int, rate: int) -> float | None:
    hop = rate / SLICES_PER_SECOND
    part = powers[round(start / hop) : max(round(start / hop) + 1, int((start + frames) / hop))]
    power = float(part.mean()) if part.size else 0.0
    return round(lufs_of_power(power), 2) if power > 0.0 else None


def snippet_blocks(path: Path, snippet: Snippet) -> Iterator[Block]:
    """Yield a snippet in blocks, ``(channels, frames)``, faded, at the master's rate.

    Raises:
        AudioFileError: For a file that cannot be used, or is shorter than when it was chosen.
    """
    done = 0
    with open_source(path) as source:
        stop = snippet.start_frame + snippet.frames
        for block in source.blocks(start_frame=snippet.start_frame, stop_frame=stop):
            yield faded(block, done, snippet)
            done += block.shape[1]
    if done < snippet.frames:
        raise AudioFileError(shown(path), "it is shorter than it was", "choose its snippet again")


def faded(block: Block, start: int, snippet: Snippet) -> Block:
    """Return a copy of a part of a snippet with its fades; what lies between is as it was.

    Raised cosines, so that neither end has a corner.
    """
    stop = start + block.shape[1]
    out = block.copy()
    come = min(stop, snippet.fade_in_frames)
    if start < come:
        out[:, : come - start] *= weight(progress(start, come, snippet.fade_in_frames), "s_curve")
    go = max(start, snippet.frames - snippet.fade_out_frames)
    if go < stop:
        first = snippet.frames - snippet.fade_out_frames
        share = progress(go - first, stop - first, snippet.fade_out_frames)
        out[:, go - start :] *= weight(1.0 - share, "s_curve")
    return out


def write_snippet(path: Path, snippet: Snippet, output: Path, spec: FileSpec) -> SinkReport:
    """Write a snippet of a finished master.

    Args:
        path: The master.
        snippet: Which part, of `choose_snippet`.
        output: The file; what is there is overwritten, so give a temporary.
        spec: What kind of file, at the master's rate and with its channels. Where both are of
            integers and it is no less deep, it has the master's very samples between the fades.

    Raises:
        AudioFileError: For a master that cannot be used.
        OutputError: When the file cannot be written.
        UsageError: For a file of another rate or number of channels.
    """
    info = probe(path)
    if (info.sample_rate_hz, info.channels) != (spec.sample_rate_hz, spec.channels):
        reason = f"has {info.channels} channels at {info.sample_rate_hz} Hz"
        hint = f"not {spec.channels} at {spec.sample_rate_hz} Hz: a snippet is only cut"
        raise UsageError(shown(path), reason, hint)
    depth = _INTEGERS.get(info.subtype)
    exact = depth is not None and depth <= spec.bit_depth < _FLOAT_BITS
    quantiser = Quantiser(spec.bit_depth, spec.channels) if exact else None
    dither: Dither = "none" if exact or spec.bit_depth == _FLOAT_BITS else "tpdf"
    with open_sink(output, spec, frames_expected=snippet.frames, dither=dither) as sink:
        done = 0
        for block in snippet_blocks(path, snippet):
            if quantiser is not None:
                _dither_fades(block, done, snippet, quantiser, spec.bit_depth)
            sink.write(block)
            done += block.shape[1]
        return sink.close()


def _dither_fades(
    block: Block, start: int, snippet: Snippet, quantiser: Quantiser, bit_depth: int
) -> None:
    """Round what of a block lies in a fade, with dither; in place."""
    stop = start + block.shape[1]
    come, go = snippet.fade_in_frames, snippet.frames - snippet.fade_out_frames
    for first, last in ((start, min(stop, come)), (max(start, go), stop)):
        if first < last:
            part = block[:, first - start : last - start]
            integers = quantiser.process(part, first).T
            part[:] = integers * 2.0 ** (1 - bit_depth)
