"""A master's file and edges against what a place accepts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mixmaster.audio.chunks import WavExtras
from mixmaster.audio.containers import LOSSY_SUBTYPES
from mixmaster.audio.opening import AudioInfo
from mixmaster.audio.riff import PCM
from mixmaster.checking.findings import Finding, Severity
from mixmaster.checking.limits import Limits
from mixmaster.metering.events import EventFigures
from mixmaster.units import gain_to_db

LONGEST_EDGE_S: Final = 10.0
"""Distributors accept at most so much silence at either end."""

LONG_HEAD_S: Final = 1.0
LONG_TAIL_S: Final = 5.0
SHORTEST_S: Final = 30.0
"""Distributors take nothing shorter."""

LOWEST_RATE_HZ: Final = 44_100
ABRUPT_DBFS: Final = -40.0
"""An edge that starts or stops at more than this clicks."""

_BITS: Final = {
    "PCM_U8": 8,
    "PCM_16": 16,
    "ALAC_16": 16,
    "PCM_24": 24,
    "ALAC_24": 24,
    "PCM_32": 32,
    "FLOAT": 32,
    "DOUBLE": 64,
}


def format_findings(info: AudioInfo, extras: WavExtras | None, limits: Limits) -> Iterator[Finding]:
    """Yield what is wrong with a master's file."""
    name, place = str(info.path), limits.name
    if info.subtype in LOSSY_SUBTYPES and info.kind != limits.container:
        yield _finding(
            "error",
            "format",
            name,
            f"it is {info.subtype.lower()}: lossy, and would be encoded a second time",
            "deliver WAV or FLAC",
        )
        return
    if limits.container is not None and info.kind != limits.container:
        yield _finding(
            "warning",
            "format",
            name,
            f"it is {info.kind}, {place} prefers {limits.container}",
            f"master it with -t {place}, which writes {limits.container}",
        )
    bits = _BITS.get(info.subtype)
    if limits.bit_depth is not None and bits is not None and bits != limits.bit_depth:
        yield _finding(
            "error" if bits > limits.bit_depth or bits < 16 else "warning",
            "bit_depth",
            name,
            f"it has {bits} bits, {place} {limits.bit_depth}",
            f"master it with -t {place}, which dithers to {limits.bit_depth} bits"
            if bits > limits.bit_depth
            else "master it again from the mix",
            float(bits),
            "bits",
        )
    rate_hz = info.sample_rate_hz
    if limits.sample_rate_hz is not None and rate_hz != limits.sample_rate_hz:
        yield _finding(
            "error",
            "rate",
            name,
            f"its rate is {rate_hz} Hz, {place} has {limits.sample_rate_hz}",
            f"master it with -t {place}: a limiter must come after the conversion",
            float(rate_hz),
            "Hz",
        )
    elif rate_hz < LOWEST_RATE_HZ:
        yield _finding(
            "error",
            "rate",
            name,
            f"its rate is {rate_hz} Hz",
            "deliver 44100 Hz or more",
            float(rate_hz),
            "Hz",
        )
    if extras is not None:
        yield from _wav_findings(name, info, extras, limits)


def _wav_findings(
    name: str, info: AudioInfo, extras: WavExtras, limits: Limits
) -> Iterator[Finding]:
    severity: Severity = "error" if limits.plain_wav else "warning"
    if extras.format_tag != PCM and info.subtype.startswith("PCM"):
        yield _finding(
            severity,
            "format_tag",
            name,
            f"its format tag is 0x{extras.format_tag or 0:04x}; stores want 0x0001",
            "write it again: mixmaster writes plain WAV",
        )
    if extras.after_data:
        yield _finding(
            severity,
            "chunks",
            name,
            f"behind the samples there are chunks: {', '.join(extras.after_data)}",
            "write it again without tags, or with the tags in front",
        )


def edge_findings(
    info: AudioInfo, events: EventFigures, first: float, last: float
) -> Iterator[Finding]:
    """Yield what is wrong with a master's beginning and end.

    Args:
        info: The file.
        events: Its silences.
        first: The magnitude of its first frame.
        last: Of its last.
    """
    name = str(info.path)
    edges = (
        ("head", events.silence_head_s, LONG_HEAD_S, 0.0),
        ("tail", events.silence_tail_s, LONG_TAIL_S, info.duration_s),
    )
    for end, seconds, long_s, at_s in edges:
        if seconds is not None and seconds > long_s:
            yield _finding(
                "error" if seconds > LONGEST_EDGE_S else "warning",
                f"silence_{end}",
                name,
                f"{seconds:.2f} s of silence at its {end}",
                f"cut it to {long_s:.0f} s or less",
                seconds,
                "s",
                0.0 if end == "head" else at_s - seconds,
            )
    for end, level, at_s in (("beginning", first, 0.0), ("end", last, info.duration_s)):
        if gain_to_db(level) > ABRUPT_DBFS:
            yield _finding(
                "warning",
                "abrupt_edge",
                name,
                f"its {end} is cut off at {gain_to_db(level):.1f} dBFS, which clicks",
                "fade it over a few milliseconds",
                gain_to_db(level),
                "dBFS",
                at_s,
            )
    if info.duration_s < SHORTEST_S:
        yield _finding(
            "warning",
            "length",
            name,
            f"it lasts {info.duration_s:.1f} s; distributors take {SHORTEST_S:.0f} s or more",
            "nothing, if it is no release",
            info.duration_s,
            "s",
        )


def _finding(  # noqa: PLR0917 - a finding has that many sides
    severity: Severity,
    code: str,
    name: str,
    text: str,
    advice: str,
    figure: float | None = None,
    unit: str = "",
    time_s: float | None = None,
) -> Finding:
    return Finding(severity, code, name, time_s, figure, unit, text, advice)
