"""The highest ceiling at which nothing is over behind codecs, found by encoding.

How far a codec overshoots depends on the level a little, so a ceiling by subtraction may be a tenth
wrong either way. Whole tenths are tried: from the one by subtraction down until nothing is over,
then up while the next tenth can be had. What is proposed has been encoded, decoded and measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

from mixmaster.audio.formats import encoded_rate_hz
from mixmaster.metering.true_peak import TruePeakMeter
from mixmaster.preview.master_file import Master
from mixmaster.preview.streams import Encoding, Streamed, decoded
from mixmaster.results import Result
from mixmaster.units import SILENCE_DB, gain_to_db

_STEP_DB: Final = 0.1
_MOST_TRIES: Final = 8
"""After so many it is not tried to be higher."""

_NEAR_DB: Final = 0.5
"""Streams that peak so far under the highest are not tried with it, only at the end."""

_HAIR: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Ceiling(Result):
    """The ceiling that would avoid overs, by gain alone.

    Attributes:
        ceiling_dbtp: The true peak that the master would have.
        gain_db: From here to there, below 0.
        decoded_dbtp: The highest true peak behind all codecs then.
        worst: The stream that has it.
        tries: How many ceilings were encoded.
    """

    ceiling_dbtp: float
    gain_db: float
    decoded_dbtp: float
    worst: str
    tries: int


def solve_ceiling(
    master: Master,
    heard: Sequence[Streamed],
    before_dbtp: float,
    pool: Executor,
    progress: Callable[[float], None] = lambda _: None,
) -> Ceiling | None:
    """Return the ceiling at which no stream is over 0 dBTP; None if none is now.

    Args:
        master: The master.
        heard: Its streams, as it is.
        before_dbtp: The true peak of what is listened to.
        pool: Shares the work.
        progress: Told how much is done, at a guess.
    """
    peaks = {
        each.encoding: each.overs.true_peak_dbtp
        for each in heard
        if each.overs is not None and each.overs.true_peak_dbtp is not None
    }
    if not peaks or not any(each.is_over for each in heard):
        return None
    tried: dict[int, dict[Encoding, float]] = {}

    def peaks_at(tenths: int) -> dict[Encoding, float]:
        """Return decoded true peaks at a ceiling in tenths; those near 0 are measured."""
        if tenths not in tried:
            gain_db = tenths * _STEP_DB - before_dbtp
            near = [each for each, peak in peaks.items() if peak + gain_db > -_NEAR_DB]
            found = pool.map(lambda each: decoded_peak_dbtp(master, each, gain_db), near)
            tried[tenths] = dict(zip(near, found, strict=True))
            for each, peak in tried[tenths].items():
                peaks[each] = max(peaks[each], peak - gain_db)
            progress(min(0.99, len(tried) / 4.0))
        return tried[tenths]

    def highest(tenths: int) -> float:
        return max(peaks_at(tenths).values(), default=SILENCE_DB)

    top = math.floor(min(0.0, before_dbtp) / _STEP_DB + _HAIR)
    tenths = min(top, math.floor((before_dbtp - max(peaks.values())) / _STEP_DB + _HAIR))
    while highest(tenths) > 0.0:
        tenths -= max(1, math.ceil(highest(tenths) / _STEP_DB - _HAIR))
    while tenths < top and len(tried) < _MOST_TRIES and highest(tenths + 1) <= 0.0:
        tenths += 1
    at = peaks_at(tenths) or {
        each: peak + tenths * _STEP_DB - before_dbtp for each, peak in peaks.items()
    }
    worst = max(at, key=lambda each: at[each])
    ceiling = round(tenths * _STEP_DB, 1)
    return Ceiling(ceiling, ceiling - before_dbtp, at[worst], worst.name, len(tried))


def decoded_peak_dbtp(master: Master, encoding: Encoding, gain_db: float = 0.0) -> float:
    """Return the true peak behind a codec, after a gain in front of it."""
    rate = encoded_rate_hz(encoding.codec, master.info.sample_rate_hz)
    meter = TruePeakMeter(rate, master.info.channels)
    for block in decoded(master, encoding, gain_db):
        meter.update(block)
    return gain_to_db(meter.peak)
