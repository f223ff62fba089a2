"""What one stem shows by itself."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from mixmaster.checking.findings import LISTED_TIMES, Finding
from mixmaster.checking.scan import Scan
from mixmaster.metering.events import Event, channel_name
from mixmaster.units import SILENCE_DB, gain_to_db, power_to_db

LEAST_DC: Final = 0.001
"""-60 dBFS: less is not heard when a fade or an edit cuts it off, and no limiter feels it."""

_SHORTEST_DC_S: Final = 1.0  # the mean of less is its lowest notes'

LOUDEST_FLOOR_DBFS: Final = -60.0
"""A noise floor over this is heard when a compressor raises the pauses by 10 dB."""

DEAD_DB: Final = -80.0
"""A channel so far under the other holds nothing of the performance."""

SAME_DB: Final = -80.0
"""Two channels whose difference is so far under their sum are one."""

LEAST_MONO_DB: Final = -4.5
"""Uncorrelated sides lose 3 dB in mono; more is cancellation."""

_DEPTHS: Final = {"PCM_24": 24, "PCM_32": 32, "ALAC_24": 24, "ALAC_32": 32, "ALAC_20": 20}
_CD_BITS: Final = 16


def single_findings(scan: Scan) -> Iterator[Finding]:
    """Yield what a stem shows by itself."""
    name = str(scan.path)
    for note in scan.notes:
        yield _about_reading(name, note)
    if scan.silent:
        yield Finding(
            "warning",
            "silent",
            name,
            None,
            None,
            "",
            "it holds digital silence and nothing else",
            "leave it out, or export it again",
        )
        return
    yield from _events(scan, name)
    yield from _levels(scan, name)
    yield from _hum(scan, name)
    yield from provenance_findings(scan, name)
    if scan.info.channels == 2:
        yield from _stereo(scan, name)
    elif scan.info.channels > 2:
        yield from _dead(scan, name)


def _about_reading(name: str, note: str) -> Finding:
    short = "cut short" in note or "damaged" in note or "it ends after" in note
    return Finding(
        "warning" if short else "note",
        "cut_short" if short else "header",
        name,
        None,
        None,
        "",
        note,
        "get the file again from where it came" if short else "nothing: it was read all the same",
    )


def _events(scan: Scan, name: str) -> Iterator[Finding]:
    clipped = [event for event in scan.events.events if event.kind == "clipping"]
    if clipped:
        worst = max(clipped, key=lambda event: event.figure)
        count = scan.events.clipped_runs
        yield Finding(
            "warning",
            "clipping",
            name,
            clipped[0].start_s,
            float(count),
            "runs",
            f"{count} clipped run{'s' if count > 1 else ''}; "
            f"the longest: {worst.text}, at {worst.start_s:.3f} s",
            "record or export it again with less gain; a declicker can hide a few",
            times_s=_times(clipped),
        )
    for event in scan.events.events:
        if event.kind == "dropout":
            yield Finding(
                "warning",
                "dropout",
                name,
                event.start_s,
                event.figure,
                "s",
                f"it drops out: {event.text}",
                "listen there, and export it again if it was no edit",
                times_s=(event.start_s,),
            )


def _times(events: list[Event]) -> tuple[float, ...]:
    return tuple(event.start_s for event in events[:LISTED_TIMES])


def _levels(scan: Scan, name: str) -> Iterator[Finding]:
    channels = scan.info.channels
    worst = max(range(channels), key=lambda channel: abs(scan.levels.dc_offset[channel]))
    dc = scan.levels.dc_offset[worst]
    if abs(dc) >= LEAST_DC and scan.duration_s >= _SHORTEST_DC_S:
        of = f" ({channel_name(worst, channels)})" if channels > 1 else ""
        yield Finding(
            "warning",
            "dc",
            name,
            None,
            dc,
            "of full scale",
            f"a DC offset of {100.0 * dc:+.2f} % of full scale, {gain_to_db(dc):.1f} dBFS{of}",
            "a high-pass at 20 Hz on its strip takes it out",
        )
    floor = scan.levels.noise_floor_dbfs
    if floor is not None and floor > LOUDEST_FLOOR_DBFS:
        yield Finding(
            "note",
            "noise_floor",
            name,
            None,
            floor,
            "dBFS",
            f"its pauses hold noise or bleed of {floor:.1f} dBFS",
            "a gate or an edit quiets the pauses, if they are to be quiet",
        )


def _hum(scan: Scan, name: str) -> Iterator[Finding]:
    hum = scan.hum
    if hum is None:
        return
    multiples = ", ".join(f"{order * hum.mains_hz:.0f}" for order in hum.harmonics)
    exact_hz = hum.strongest_hz / round(hum.strongest_hz / hum.mains_hz)
    yield Finding(
        "warning" if hum.level_dbfs >= -75.0 else "note",
        "hum",
        name,
        None,
        hum.level_dbfs,
        "dBFS",
        f"mains hum of {hum.mains_hz:.0f} Hz at {hum.level_dbfs:.1f} dBFS "
        f"(found at {multiples} Hz; strongest {hum.strongest_hz:.2f} Hz)",
        f"find the ground loop, or take it out: effect hum_removal with mains_hz = {exact_hz:.2f}",
    )


def provenance_findings(scan: Scan, name: str) -> Iterator[Finding]:
    """Yield what a file was before it became what it claims to be."""
    claimed = _DEPTHS.get(scan.info.subtype)
    effective = scan.provenance.effective_bit_depth
    if claimed is not None and effective is not None and effective <= _CD_BITS < claimed:
        yield Finding(
            "warning",
            "bit_depth",
            name,
            None,
            float(effective),
            "bits",
            f"{effective} bits in a file of {claimed}",
            "ask for the file before it was cut down, if there is one",
        )
    verdict = scan.provenance.bandwidth_verdict
    bandwidth_hz = scan.provenance.bandwidth_hz
    if verdict in {"lossy", "upsampled"} and bandwidth_hz is not None:
        lossy = verdict == "lossy"
        yield Finding(
            "warning",
            "lossy_origin" if lossy else "upsampled",
            name,
            None,
            bandwidth_hz,
            "Hz",
            f"its spectrum {scan.provenance.bandwidth_note}",
            "ask for the file before it was encoded"
            if lossy
            else "ask for the file at the rate it was recorded in",
        )


def _dead(scan: Scan, name: str) -> Iterator[Finding]:
    powers = scan.products.diagonal()
    loudest = float(powers.max())
    for channel, power in enumerate(powers):
        level_db = power_to_db(float(power) / loudest)
        if level_db <= DEAD_DB:
            said = "silent" if level_db <= SILENCE_DB / 2 else f"{-level_db:.0f} dB under the other"
            yield Finding(
                "warning",
                "dead_channel",
                name,
                None,
                None if level_db <= SILENCE_DB / 2 else level_db,
                "dB",
                f"its {channel_name(channel, scan.info.channels)} channel is dead: {said}",
                "export it as mono, or find the cable",
            )


def _stereo(scan: Scan, name: str) -> Iterator[Finding]:
    dead = list(_dead(scan, name))
    if dead:
        yield from dead
        return
    left, right, both = scan.products[0, 0], scan.products[1, 1], scan.products[0, 1]
    total = left + right
    difference = max(0.0, total - 2.0 * both)
    if scan.digests[0] == scan.digests[1] or power_to_db(difference / total) <= SAME_DB:
        yield Finding(
            "note",
            "dual_mono",
            name,
            None,
            None,
            "",
            "both channels hold the same: it is mono in a stereo file",
            "export it as mono; as it is, a pan only balances it",
        )
        return
    loss_db = power_to_db(max(0.0, total + 2.0 * both) / (2.0 * total))
    if loss_db < LEAST_MONO_DB:
        correlation = both / math.sqrt(left * right)
        opposite = correlation < -0.5
        yield Finding(
            "warning",
            "mono_loss",
            name,
            None,
            loss_db,
            "dB",
            f"in mono {-loss_db:.1f} dB of it are lost (correlation {correlation:+.2f})",
            "turn one channel's polarity and export it again"
            if opposite
            else "narrow it: width below 1 on its strip",
        )
