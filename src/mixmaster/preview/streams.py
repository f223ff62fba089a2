"""Behind codecs: what listeners of a place's streams get, overs counted.

A master is encoded as it is: places turn it up or down in the player, behind the decoder. A decoder
whose output is cut at full scale, as in a converter, distorts wherever it is over; a player that
turns the decoded signal down first does not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mixmaster.arrays import Block
from mixmaster.audio.formats import Codec, can_encode, encoded_rate_hz
from mixmaster.audio.lossy import RoundTrip
from mixmaster.mastering.options import NamedTarget
from mixmaster.metering.peak_curve import PeakCurveMeter
from mixmaster.preview.master_file import Master
from mixmaster.results import Result
from mixmaster.units import gain_to_db

CODEC_NAMES: Final[dict[Codec, str]] = {
    "mp3": "MP3",
    "aac": "AAC",
    "vorbis": "Vorbis",
    "opus": "Opus",
}
NO_AAC: Final = "AAC needs PyAV: pip install 'mixmaster[codecs]' brings it"


@dataclass(frozen=True, slots=True)
class Encoding(Result):
    """A lossy stream that places offer.

    Attributes:
        codec: The codec.
        bitrate_kbps: Its rate.
        places: The short names of the targets that have it.
    """

    codec: Codec
    bitrate_kbps: int
    places: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As people say it: ``AAC 256``."""
        return f"{CODEC_NAMES[self.codec]} {self.bitrate_kbps}"

    @property
    def file_name(self) -> str:
        """As part of a file's name: ``aac-256``."""
        return f"{self.codec}-{self.bitrate_kbps}"


@dataclass(frozen=True, slots=True)
class Overs(Result):
    """What of a decoded stream is over full scale.

    Attributes:
        true_peak_dbtp: Of the decoded stream; None for digital silence.
        passages: Passages over 0 dBTP; those within 10 ms are one.
        samples: Samples over 0 dBFS, of all channels.
        longest_ms: The longest run of such samples.
        first_s: When the first of them is, from where listening begins; None for none.
    """

    true_peak_dbtp: float | None
    passages: int
    samples: int
    longest_ms: float
    first_s: float | None


@dataclass(frozen=True, slots=True)
class Streamed(Result):
    """A master behind a codec.

    Attributes:
        encoding: The stream.
        sample_rate_hz: At which it is encoded.
        measured_kbps: What encoding came to; None if it was not tried.
        overs: What is over full scale; None if it was not tried.
        overshoot_db: The decoded true peak over the master's.
        loudness_change_lu: The decoded loudness over the master's.
        estimated_ceiling_dbtp: The ceiling by subtraction that would keep it under 0 dBTP; None
            where nothing is over.
        not_tried: Why it was not; empty if it was.
    """

    encoding: Encoding
    sample_rate_hz: int
    measured_kbps: float | None
    overs: Overs | None
    overshoot_db: float | None
    loudness_change_lu: float | None
    estimated_ceiling_dbtp: float | None
    not_tried: str = ""

    @property
    def is_over(self) -> bool:
        """Whether its true peak is over 0 dBTP, or any sample over 0 dBFS."""
        overs = self.overs
        if overs is None or overs.true_peak_dbtp is None:
            return False
        return overs.true_peak_dbtp > 0.0 or overs.samples > 0


def encodings_of(places: Sequence[NamedTarget]) -> list[Encoding]:
    """Return the lossy streams of places, each once, by codec and falling rate."""
    found: dict[tuple[Codec, int], list[str]] = {}
    for named in places:
        for stream in named.target.streams:
            if stream.codec != "lossless" and stream.bitrate_kbps is not None:
                offered = found.setdefault((stream.codec, stream.bitrate_kbps), [])
                offered.append(named.name)
    order = list(CODEC_NAMES)
    keys = sorted(found, key=lambda key: (order.index(key[0]), -key[1]))
    return [Encoding(codec, kbps, tuple(found[codec, kbps])) for codec, kbps in keys]


def decoded(master: Master, encoding: Encoding, gain_db: float = 0.0) -> RoundTrip:
    """Return what is listened to of a master, behind a codec, after a gain in front of it."""
    rate = encoded_rate_hz(encoding.codec, master.info.sample_rate_hz)
    return RoundTrip(
        master.blocks(rate, gain_db=gain_db),
        rate,
        master.info.channels,
        encoding.codec,
        bitrate_kbps=encoding.bitrate_kbps,
        where=master.name,
    )


def stream(
    master: Master,
    encoding: Encoding,
    before_lufs: float | None,
    before_dbtp: float | None,
    listen: Callable[[Iterator[Block]], object] = lambda blocks: deque(blocks, maxlen=0),
) -> Streamed:
    """Encode a master, decode it, and measure what is left.

    Args:
        master: The master.
        encoding: The stream.
        before_lufs: The loudness of what is listened to, as it was.
        before_dbtp: Its true peak.
        listen: Given what comes out of the decoder, all of which it takes: to write it.
    """
    rate = encoded_rate_hz(encoding.codec, master.info.sample_rate_hz)
    if not can_encode(encoding.codec):
        return Streamed(encoding, rate, None, None, None, None, None, NO_AAC)
    trip = decoded(master, encoding)
    level = master.level(rate)

    meter = _OversMeter(rate, master.info.channels)

    def watched() -> Iterator[Block]:
        for block in trip:
            level.update_powers(block)
            meter.update(block)
            yield block

    listen(watched())
    overs = meter.result()
    seconds = master.frames_at(rate) / rate
    peak, lufs = overs.true_peak_dbtp, level.integrated_lufs
    ceiling = None
    if peak is not None and before_dbtp is not None and peak > 0.0:
        ceiling = min(0.0, before_dbtp - peak)
    return Streamed(
        encoding=encoding,
        sample_rate_hz=rate,
        measured_kbps=trip.encoded_bytes * 8e-3 / seconds if seconds else None,
        overs=overs,
        overshoot_db=None if peak is None or before_dbtp is None else peak - before_dbtp,
        loudness_change_lu=None if lufs is None or before_lufs is None else lufs - before_lufs,
        estimated_ceiling_dbtp=ceiling,
    )


def overs_of(blocks: Iterable[Block], sample_rate_hz: int, channels: int) -> Overs:
    """Return what of a signal is over full scale."""
    meter = _OversMeter(sample_rate_hz, channels)
    for block in blocks:
        meter.update(block)
    return meter.result()


class _OversMeter:
    """Counts what is over full scale while a signal runs by."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._rate_hz = sample_rate_hz
        self._curve = PeakCurveMeter(sample_rate_hz, channels, listed=1)
        self._runs = _Runs(channels)

    def update(self, block: Block) -> None:
        """Take the next block, ``(channels, frames)``."""
        self._curve.update(block)
        self._runs.update(block)

    def result(self) -> Overs:
        """Return what was found."""
        curve, runs = self._curve.result(), self._runs
        return Overs(
            true_peak_dbtp=gain_to_db(curve.peak) if curve.peak > 0.0 else None,
            passages=curve.over_count,
            samples=runs.samples,
            longest_ms=1e3 * runs.longest / self._rate_hz,
            first_s=None if runs.first is None else runs.first / self._rate_hz,
        )


class _Runs:
    """Runs of samples over full scale, whatever the blocks."""

    def __init__(self, channels: int) -> None:
        self.samples = 0
        self.longest = 0
        self.first: int | None = None
        self._open = [0] * channels
        self._frames = 0

    def update(self, block: Block) -> None:
        """Take the next block, ``(channels, frames)``."""
        frames = block.shape[1]
        for channel, row in enumerate(block):
            over = np.abs(row) > 1.0
            if not over.any():
                self._open[channel] = 0
                continue
            self.samples += int(np.count_nonzero(over))
            at = self._frames + int(np.argmax(over))
            self.first = at if self.first is None else min(self.first, at)
            edges = np.flatnonzero(np.diff(over, prepend=False, append=False))
            starts, stops = edges[::2], edges[1::2]
            lengths = stops - starts
            if starts[0] == 0:
                lengths[0] += self._open[channel]
            self.longest = max(self.longest, int(lengths.max()))
            self._open[channel] = int(lengths[-1]) if stops[-1] == frames else 0
        self._frames += frames
