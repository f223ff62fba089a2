"""A ceiling that holds behind codecs: a master is encoded before it is published.

Encoders move peaks, by how much depends on the music, and a limiter that works harder changes it.
So the finished file is put through every lossy stream of its target; where one of them is over
0 dBTP, the ceiling is lowered by as much, and the master written again from the chain's output at
the loudness that was asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

from mixmaster.audio.formats import Codec, encoded_rate_hz, require_encoder
from mixmaster.audio.lossy import RoundTrip
from mixmaster.audio.source import open_source
from mixmaster.errors import RefusedError
from mixmaster.mastering.delivery import Delivered, deliver
from mixmaster.mastering.options import NamedTarget
from mixmaster.mastering.programme import Programme
from mixmaster.mastering.request import Request
from mixmaster.mastering.target import Target
from mixmaster.metering.true_peak import TruePeakMeter
from mixmaster.units import gain_to_db

_MOST_LOWERED: Final = 3
_STEP_DB: Final = 0.1


def require_codecs(targets: Sequence[NamedTarget]) -> None:
    """Raise for codecs that cannot be tried here, before any work.

    Raises:
        UsageError: Where a target streams AAC and PyAV is not installed.
    """
    if any(codec == "aac" for each in targets for codec, _ in _lossy(each.target)):
        require_encoder("aac")


def deliver_codec_safe(
    programme: Programme, request: Request, part: Path, progress: Callable[[float], None]
) -> tuple[Request, Delivered, str]:
    """Write the master of one target so that no codec of its streams goes over 0 dBTP.

    Returns:
        What was asked for in the end, what was delivered, and what there is to say of it.

    Raises:
        RefusedError: As ``deliver``, and where three lower ceilings were not enough.
    """
    streams = _lossy(request.target)
    first = request.ceiling_dbtp
    for lowered in range(_MOST_LOWERED + 1):
        delivered = deliver(programme, request, part, progress)
        if not streams or request.ceiling_dbtp is None:
            return request, delivered, f"{request.name}: it has no codec or no ceiling to look at"
        peak_dbtp, worst = _highest(part, streams, request.threads)
        if peak_dbtp <= 0.0:
            said = f"{request.name}: {peak_dbtp:+.2f} dBTP at most behind its codecs ({worst})"
            if lowered:
                times = "once" if lowered == 1 else f"{lowered} times"
                said += f"; its ceiling was lowered {times}, from {first:.1f} "
                said += f"to {request.ceiling_dbtp:.1f} dBTP"
            return request, delivered, said
        over = max(_STEP_DB, math.ceil(peak_dbtp / _STEP_DB) * _STEP_DB)
        request = replace(request, ceiling_dbtp=round(request.ceiling_dbtp - over, 3))
    raise RefusedError(
        request.name,
        f"behind {worst} it is still {peak_dbtp:+.2f} dBTP after its ceiling was lowered "
        f"{_MOST_LOWERED} times",
        f"ask for a ceiling (--ceiling {request.ceiling_dbtp:.1f}) or less loudness",
        {"decoded_true_peak_dbtp": peak_dbtp},
    )


def _lossy(target: Target) -> list[tuple[Codec, int]]:
    return [
        (stream.codec, stream.bitrate_kbps)
        for stream in target.streams
        if stream.codec != "lossless" and stream.bitrate_kbps is not None
    ]


def _highest(part: Path, streams: Sequence[tuple[Codec, int]], threads: int) -> tuple[float, str]:
    """Return the highest true peak behind codecs, and whose it is."""

    def peak_dbtp(stream: tuple[Codec, int]) -> float:
        codec, kbps = stream
        with open_source(part) as own:
            rate = encoded_rate_hz(codec, own.sample_rate_hz)
        with open_source(part, sample_rate_hz=rate) as source:
            meter = TruePeakMeter(rate, source.channels)
            trip = RoundTrip(
                source.blocks(), rate, source.channels, codec, bitrate_kbps=kbps, where=part.name
            )
            for block in trip:
                meter.update(block)
        return gain_to_db(meter.peak)

    with ThreadPoolExecutor(threads, thread_name_prefix="codec") as pool:
        peaks = list(pool.map(peak_dbtp, streams))
    worst = max(range(len(streams)), key=lambda index: peaks[index])
    codec, kbps = streams[worst]
    return peaks[worst], f"{codec} {kbps}"
