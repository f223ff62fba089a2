"""What kinds of audio files are written: containers and codecs, what they hold, what they need."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final, Literal, NamedTuple

from mixmaster.errors import UsageError
from mixmaster.results import Result

Container = Literal["wav", "flac", "aiff", "alac", "mp3", "aac", "opus", "vorbis"]
Codec = Literal["mp3", "aac", "vorbis", "opus"]
"""Those of the containers that are lossy."""

CONTAINERS: dict[str, Container] = {
    ".wav": "wav",
    ".flac": "flac",
    ".aif": "aiff",
    ".aiff": "aiff",
    ".mp3": "mp3",
    ".m4a": "aac",
    ".opus": "opus",
    ".ogg": "vorbis",
}
"""What a file name's end says is to be written; ``.m4a`` is ALAC where a bit depth is asked for."""

SUFFIXES: Final[dict[Container, str]] = {
    "wav": ".wav",
    "flac": ".flac",
    "aiff": ".aiff",
    "alac": ".m4a",
    "mp3": ".mp3",
    "aac": ".m4a",
    "opus": ".opus",
    "vorbis": ".ogg",
}
"""How names of each kind end."""

WRITTEN: Final = "WAV, FLAC, AIFF, ALAC, MP3, AAC, Opus and Vorbis are written"

MOST_CHANNELS: Final = 2
"""Of lossy files and ALAC."""


class _Lossless(NamedTuple):
    most_channels: int
    highest_rate_hz: int


class _Lossy(NamedTuple):
    """A codec: the rates and bit rates it takes, and what is taken where nothing is asked for."""

    name: str
    rates_hz: tuple[int, ...]
    low_kbps: int
    high_kbps_a_channel: int
    usual_kbps: int
    steps_kbps: tuple[int, ...] = ()


_LOSSLESS: Final[dict[str, _Lossless]] = {
    "wav": _Lossless(64, 768_000),
    "aiff": _Lossless(64, 768_000),
    "flac": _Lossless(8, 655_350),  # RFC 9639, sections 9.1.2 and 9.1.3
    "alac": _Lossless(MOST_CHANNELS, 384_000),
}

_LOSSY: Final[dict[str, _Lossy]] = {
    # ISO/IEC 11172-3, 2.4.2.3: layer III's rates; libsndfile has LAME write 64 kbit/s and more.
    "mp3": _Lossy(
        "MP3",
        (32_000, 44_100, 48_000),
        64,
        320,
        320,
        (64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    ),
    # ISO/IEC 14496-3, 4.5.3: a channel's block of 1,024 samples has 6,144 bits at most: 264 kbit/s.
    "aac": _Lossy("AAC", (32_000, 44_100, 48_000), 32, 264, 256),
    "opus": _Lossy("Opus", (48_000,), 12, 256, 160),  # RFC 6716, 2.1.1; RFC 7845, section 4
    "vorbis": _Lossy("Vorbis", (32_000, 44_100, 48_000), 48, 250, 256),
}

LOSSY: Final = frozenset(_LOSSY)
"""Kinds of files that are encoded with losses."""

_CODEC_CONTAINERS: Final = ("alac", "aac")


def suffix_fits(suffix: str, container: Container) -> bool:
    """Return whether files of a kind may be called so: ``.aif`` is AIFF as ``.aiff`` is."""
    meant = CONTAINERS.get(suffix.lower())
    return meant is not None and SUFFIXES[meant] == SUFFIXES[container]


def encoded_rate_hz(codec: str, sample_rate_hz: int) -> int:
    """Return the rate at which what has another rate is encoded: 44.1 or 48 kHz, its own family's.

    Args:
        codec: The codec; Opus knows 48 kHz alone.
        sample_rate_hz: The rate of the signal.
    """
    if codec == "opus":
        return 48_000
    cd = 44_100
    of_cd = sample_rate_hz % cd == 0 or cd % sample_rate_hz == 0
    return cd if of_cd else 48_000


def nearest_kbps(codec: Codec, channels: int, bitrate_kbps: int) -> int:
    """Return the bit rate nearest to one that a codec has for so many channels."""
    kind = _LOSSY[codec]
    if kind.steps_kbps:
        return min(kind.steps_kbps, key=lambda step: abs(step - bitrate_kbps))
    return min(max(bitrate_kbps, kind.low_kbps), kind.high_kbps_a_channel * channels)


def can_encode(container: str) -> bool:
    """Return whether files of this kind can be written here: AAC and ALAC need PyAV."""
    return container not in _CODEC_CONTAINERS or find_spec("av") is not None


def require_encoder(container: str) -> None:
    """Raise unless files of this kind can be written here; to be asked before any work.

    Raises:
        UsageError: For AAC and ALAC where PyAV is not installed; it says how to have it.
    """
    if not can_encode(container):
        hint = "pip install 'mixmaster[codecs]' brings it"
        raise UsageError("", f"{container.upper()} needs PyAV, which is not installed", hint)


@dataclass(frozen=True, slots=True)
class FileSpec(Result):
    """What kind of file is to be written.

    Attributes:
        container: ``wav`` (RF64 where needed), ``flac``, ``aiff``, ``alac``, ``mp3``, ``aac``,
            ``opus`` or ``vorbis``.
        bit_depth: 16 or 24; 32 means float: WAV, and what lossy encoders are given.
        sample_rate_hz: 8,000 to 768,000; FLAC up to 655,350, ALAC up to 384,000; MP3, AAC and
            Vorbis 32,000, 44,100 or 48,000; Opus 48,000.
        channels: 1 to 64; FLAC up to 8; ALAC and the lossy ones 1 or 2.
        bitrate_kbps: Of lossy files, kbit/s: MP3 64 to 320 in the standard's steps, AAC 32 to 264
            a channel, Opus 12 to 256 a channel, Vorbis 48 to 250 a channel. None takes the usual:
            320, 256, 160 and 256. MP3 and AAC keep to it, Opus and Vorbis vary around it with
            what the music asks for.

    Raises:
        UsageError: For what the container cannot hold.
    """

    container: Container
    bit_depth: Literal[16, 24, 32]
    sample_rate_hz: int
    channels: int
    bitrate_kbps: int | None = None

    def __post_init__(self) -> None:
        if self.container in _LOSSY:
            self._check_lossy(_LOSSY[self.container])
        elif self.container in _LOSSLESS:
            self._check_lossless(_LOSSLESS[self.container])
        else:
            raise UsageError("", f"files of kind {self.container!r}", WRITTEN)

    def _check_lossless(self, kind: _Lossless) -> None:
        name = self.container.upper()
        if self.bit_depth not in {16, 24, 32}:
            raise UsageError("", f"{self.bit_depth} bits", "16, 24 or 32 (float) are written")
        if self.bit_depth == 32 and self.container != "wav":
            raise UsageError("", f"32-bit float {name}", "16 or 24 bits, or WAV for float")
        if self.bitrate_kbps is not None:
            raise UsageError("", f"a bit rate for {name}", "only lossy files have one")
        self._check_channels(kind.most_channels)
        if not 8_000 <= self.sample_rate_hz <= kind.highest_rate_hz:
            rates = f"{self.container} holds 8000 to {kind.highest_rate_hz} Hz"
            raise UsageError("", f"a rate of {self.sample_rate_hz} Hz", rates)

    def _check_lossy(self, kind: _Lossy) -> None:
        if self.bit_depth != 32:
            hint = "leave the depth out: the encoder is given float"
            raise UsageError("", f"{kind.name} of {self.bit_depth} bits", hint)
        self._check_channels(MOST_CHANNELS)
        if self.sample_rate_hz not in kind.rates_hz:
            *others, last = (str(rate) for rate in kind.rates_hz)
            rates = f"{', '.join(others)} or {last}" if others else last
            hint = f"{kind.name} is written at {rates} Hz"
            raise UsageError("", f"a rate of {self.sample_rate_hz} Hz", hint)
        high = kind.high_kbps_a_channel * (1 if kind.steps_kbps else self.channels)
        kbps = min(kind.usual_kbps, high) if self.bitrate_kbps is None else self.bitrate_kbps
        possible = f"{kind.low_kbps} to {high}"
        if kind.steps_kbps:
            possible = ", ".join(map(str, kind.steps_kbps))
        in_steps = not kind.steps_kbps or kbps in kind.steps_kbps
        if not (kind.low_kbps <= kbps <= high and in_steps):
            hint = f"{kind.name} is written at {possible} kbit/s"
            raise UsageError("", f"{kbps} kbit/s in {self.channels} channels", hint)
        object.__setattr__(self, "bitrate_kbps", kbps)

    def _check_channels(self, most: int) -> None:
        if not 1 <= self.channels <= most:
            raise UsageError("", f"{self.channels} channels", f"{self.container} holds 1 to {most}")

    @property
    def suffix(self) -> str:
        """The file name's usual end; ``.m4a`` for ALAC and AAC, ``.ogg`` for Vorbis."""
        return SUFFIXES[self.container]

    @property
    def is_lossy(self) -> bool:
        """Whether the file is encoded with losses."""
        return self.container in _LOSSY

    @property
    def words(self) -> str:
        """What it is, in a line: ``WAV, 24 bit, 48000 Hz`` or ``MP3, 320 kbit/s, 44100 Hz``."""
        rate = f"{self.sample_rate_hz} Hz"
        if self.is_lossy:
            return f"{_LOSSY[self.container].name}, {self.bitrate_kbps} kbit/s, {rate}"
        bits = "32-bit float" if self.bit_depth == 32 else f"{self.bit_depth} bit"
        return f"{self.container.upper()}, {bits}, {rate}"

    def bytes_at_most(self, frames: int) -> int:
        """Return how many bytes ``frames`` frames take at most; for estimates of disk space."""
        if self.bitrate_kbps is not None:  # twice the rate: Vorbis and Opus vary around it
            return frames * self.bitrate_kbps * 250 // self.sample_rate_hz + _LOSSY_HEADER_BYTES
        return frames * self.channels * self.bit_depth // 8 * 101 // 100 + _HEADER_BYTES


_HEADER_BYTES: Final = 8_192  # more than any header that is written here
_LOSSY_HEADER_BYTES: Final = 65_536  # Vorbis's code books, an M4A's index of a short file
