"""AAC-LC there and back, by FFmpeg's own encoder in PyAV: the extra ``codecs``.

It is not the encoder of Apple or of Fraunhofer, which streaming places use; how far it overshoots
is of their order, not their figure.

Packets go from the encoder straight into a decoder, so that nothing is written and memory stays
flat. The encoder puts one frame of 1,024 samples of its own before the signal and fills the last
(ISO/IEC 14496-3, 4.5.2.1: a frame holds 1,024); both are cut off, so that nothing moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from mixmaster.arrays import Block
from mixmaster.errors import UsageError

_FRAME: Final = 1_024
_USUAL_KBPS_A_CHANNEL: Final = 64  # FFmpeg's own choice
_LAYOUTS: Final = {1: "mono", 2: "stereo"}


def aac_is_there() -> bool:
    """Return whether AAC can be encoded here."""
    return find_spec("av") is not None


def require_aac() -> None:
    """Raise unless AAC can be encoded here.

    Raises:
        UsageError: Saying how to have it.
    """
    if not aac_is_there():
        hint = "pip install 'mixmaster[codecs]' brings it"
        raise UsageError("", "AAC needs PyAV, which is not installed", hint)


def through_aac(
    blocks: Iterable[Block],
    sample_rate_hz: int,
    channels: int,
    bitrate_kbps: int | None,
    count: Callable[[int], None],
) -> Iterator[Block]:
    """Yield what is left of a signal; as many frames as went in, in step.

    Args:
        blocks: ``(channels, frames)``, finite, of any length.
        sample_rate_hz: A rate of AAC, up to 48,000.
        channels: 1 or 2.
        bitrate_kbps: Of the stream; None for 64 a channel.
        count: Told the size of every packet, in bytes.

    Raises:
        UsageError: Without PyAV.
    """
    require_aac()
    pair = _Pair(sample_rate_hz, channels, bitrate_kbps, count)
    skip, left = _FRAME, 0
    rest = np.zeros((channels, 0), np.float32)
    given = 0
    for block in blocks:
        left += block.shape[1]
        rest = np.concatenate((rest, block.astype(np.float32)), axis=1)
        whole = rest.shape[1] // _FRAME * _FRAME
        heard = pair.decode(rest[:, :whole])
        rest = rest[:, whole:]
        head = min(skip, heard.shape[1])
        skip -= head
        heard = heard[:, head:]
        given += heard.shape[1]
        if heard.shape[1]:
            yield heard
    if not left:
        return
    last = np.pad(rest, ((0, 0), (0, -rest.shape[1] % _FRAME)))
    heard = np.concatenate((pair.decode(last), pair.finish()), axis=1)[:, skip:]
    assert given + heard.shape[1] >= left, "the decoder keeps nothing back"
    heard = heard[:, : left - given]
    if heard.shape[1]:
        yield heard


class _Pair:
    """An encoder and the decoder behind it."""

    def __init__(
        self,
        sample_rate_hz: int,
        channels: int,
        bitrate_kbps: int | None,
        count: Callable[[int], None],
    ) -> None:
        import av

        self._av: Any = av
        self._rate_hz = sample_rate_hz
        self._layout = _LAYOUTS[channels]
        self._channels = channels
        self._count = count
        self._at = 0
        encoder: Any = av.CodecContext.create("aac", "w")
        encoder.sample_rate = sample_rate_hz
        encoder.layout = self._layout
        encoder.format = "fltp"
        encoder.bit_rate = 1_000 * (bitrate_kbps or _USUAL_KBPS_A_CHANNEL * channels)
        encoder.time_base = Fraction(1, sample_rate_hz)
        encoder.thread_count = 1
        encoder.open()
        assert encoder.frame_size == _FRAME
        decoder: Any = av.CodecContext.create("aac", "r")
        decoder.extradata = encoder.extradata
        decoder.sample_rate = sample_rate_hz
        decoder.layout = self._layout
        self._encoder, self._decoder = encoder, decoder

    def decode(self, samples: np.ndarray[Any, np.dtype[np.float32]]) -> Block:
        """Return what comes back of whole frames so far."""
        heard: list[Any] = []
        for start in range(0, samples.shape[1], _FRAME):
            plane = np.ascontiguousarray(samples[:, start : start + _FRAME])
            frame = self._av.AudioFrame.from_ndarray(plane, format="fltp", layout=self._layout)
            frame.sample_rate = self._rate_hz
            frame.pts = self._at
            frame.time_base = Fraction(1, self._rate_hz)
            self._at += _FRAME
            heard += self._packets(self._encoder.encode(frame))
        return self._joined(heard)

    def finish(self) -> Block:
        """Return what was still on its way."""
        heard = self._packets(self._encoder.encode(None))
        heard += [frame.to_ndarray() for frame in self._decoder.decode(None)]
        return self._joined(heard)

    def _packets(self, packets: Iterable[Any]) -> list[Any]:
        heard = []
        for packet in packets:
            self._count(packet.size)
            heard += [frame.to_ndarray() for frame in self._decoder.decode(packet)]
        return heard

    def _joined(self, heard: list[Any]) -> Block:
        if not heard:
            return np.zeros((self._channels, 0))
        return np.concatenate(heard, axis=1).astype(np.float64)
