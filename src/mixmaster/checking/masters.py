"""The check of masters against where they go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES
from mixmaster.audio.chunks import WavExtras, read_extras
from mixmaster.audio.containers import LOSSY_SUBTYPES
from mixmaster.audio.formats import MOST_CHANNELS, Codec, encoded_rate_hz
from mixmaster.audio.lossy import CODECS, through_codec
from mixmaster.audio.opening import AudioInfo
from mixmaster.audio.source import open_source
from mixmaster.checking.delivery import edge_findings, format_findings
from mixmaster.checking.findings import LISTED_TIMES, CheckReport, Finding, report
from mixmaster.checking.limits import Limits
from mixmaster.checking.stems import Tell, unusable
from mixmaster.engine.threads import one_blas_thread
from mixmaster.errors import AudioFileError, SignalError
from mixmaster.metering.events import EventFigures, EventMeter
from mixmaster.metering.levels import LevelFigures, LevelMeter
from mixmaster.metering.programme import ProgrammeFigures, ProgrammeMeter
from mixmaster.metering.provenance import ProvenanceFigures, ProvenanceMeter
from mixmaster.metering.stereo import StereoFigures, StereoMeter
from mixmaster.metering.true_peak import TruePeakMeter
from mixmaster.units import gain_to_db

MOST_MONO_LOSS_DB: Final = 4.5
MOST_BASS_LOSS_DB: Final = 3.0
"""Unrelated sides lose 3 dB; in the bass that is already a part of the kick."""

LEAST_DC: Final = 0.001
_PEAK_SLACK_DB: Final = 0.005
"""Half of the last digit that is printed."""

_CODEC_NAMES: Final[dict[Codec, str]] = {
    "mp3": "MP3",
    "aac": "AAC",
    "vorbis": "Ogg Vorbis",
    "opus": "Opus",
}
_MEASURED_FRAMES: Final = 4 * BLOCK_FRAMES


@dataclass(frozen=True, slots=True)
class _Measured:
    info: AudioInfo
    extras: WavExtras | None
    programme: ProgrammeFigures
    levels: LevelFigures
    events: EventFigures
    provenance: ProvenanceFigures
    stereo: StereoFigures | None
    first: float
    last: float


def check_masters(
    paths: Sequence[Path],
    limits: Sequence[Limits],
    *,
    codecs: Sequence[Codec] = CODECS,
    threads: int = 1,
    tell: Tell | None = None,
) -> CheckReport:
    """Check masters against where they go. A file that cannot be used is a finding, no error.

    Args:
        paths: The masters.
        limits: What each of the places accepts.
        codecs: Through which to listen for overs.
        threads: How many share the work; the report is the same.
        tell: Told what is being done.
    """
    findings: list[Finding] = []
    figures: dict[str, dict[str, float | None]] = {}
    with one_blas_thread(), ThreadPoolExecutor(max(1, threads)) as pool:
        for path in paths:
            try:
                measured = _measure(path, _named(tell, f"measuring {path.name}"))
            except (AudioFileError, SignalError) as error:
                findings.append(unusable(path, error))
                continue
            figures[str(path)] = {
                "integrated_lufs": measured.programme.integrated_lufs,
                "loudness_range_lu": measured.programme.loudness_range_lu,
                "max_short_term_lufs": measured.programme.max_short_term_lufs,
                "true_peak_dbtp": measured.programme.true_peak_dbtp,
            }
            for limit in limits:
                findings += _against(measured, limit)
            findings += _anywhere(measured)
            if codecs and measured.programme.true_peak_dbtp is not None:
                if tell is not None:
                    tell(f"encoding {path.name}", 0.0)
                heard = _through_codecs(measured.info, codecs, pool)
                figures[str(path)] |= {f"{codec}_true_peak_dbtp": p for codec, (p, _) in heard}
                findings += _codec_findings(measured, heard)
    return report((str(path) for path in paths), dict.fromkeys(findings), figures)


def _named(tell: Tell | None, what: str) -> Callable[[float], None]:
    return lambda share: None if tell is None else tell(what, share)


def _measure(path: Path, tell: Callable[[float], None]) -> _Measured:
    extras = read_extras(path)
    with open_source(path) as source:
        rate, channels = source.sample_rate_hz, source.channels
        programme = ProgrammeMeter(rate, channels)
        levels, events = LevelMeter(rate, channels), EventMeter(rate, channels)
        provenance = ProvenanceMeter(rate, channels)
        stereo = StereoMeter(rate, channels) if channels == 2 else None
        first = last = 0.0
        frames = 0
        for block in source.blocks(_MEASURED_FRAMES):
            for meter in (programme, levels, events, provenance):
                meter.update(block)
            if stereo is not None:
                stereo.update(block)
            if frames == 0:
                first = float(np.abs(block[:, 0]).max())
            last = float(np.abs(block[:, -1]).max())
            frames += block.shape[1]
            tell(min(1.0, frames / max(1, source.frames)))
        return _Measured(
            info=source.info,
            extras=extras,
            programme=programme.result(),
            levels=levels.result(),
            events=events.result(),
            provenance=provenance.result(),
            stereo=None if stereo is None else stereo.result(),
            first=first,
            last=last,
        )


def _against(measured: _Measured, limits: Limits) -> Iterator[Finding]:
    """Yield what a place does not accept."""
    yield from format_findings(measured.info, measured.extras, limits)
    programme, name = measured.programme, str(measured.info.path)
    loudness = programme.integrated_lufs
    if limits.integrated_lufs is not None and loudness is not None:
        off = loudness - limits.integrated_lufs
        if abs(off) > limits.tolerance_lu:
            yield Finding(
                "error",
                "loudness",
                name,
                None,
                loudness,
                "LUFS",
                f"{loudness:.2f} LUFS, {abs(off):.2f} LU {'over' if off > 0 else 'under'} "
                f"{limits.name}'s {limits.integrated_lufs:g}",
                f"master it with -t {limits.name}",
            )
    elif limits.integrated_lufs is not None:
        yield Finding(
            "error",
            "loudness",
            name,
            None,
            None,
            "LUFS",
            f"it has no loudness: {programme.reasons.get('integrated_lufs', 'unknown')}",
            "see that it is the right file",
        )
    ceiling, peak = limits.ceiling_dbtp(loudness), programme.true_peak_dbtp
    if ceiling is not None and peak is not None and peak > ceiling + _PEAK_SLACK_DB:
        yield Finding(
            "error",
            "true_peak",
            name,
            None,
            peak,
            "dBTP",
            f"{peak:.2f} dBTP, {peak - ceiling:.2f} dB over {limits.name}'s {ceiling:g}",
            f"master it with -t {limits.name}",
        )
    for code, value, most, unit in (
        ("short_term", programme.max_short_term_lufs, limits.max_short_term_lufs, "LUFS"),
        ("loudness_range", programme.loudness_range_lu, limits.max_loudness_range_lu, "LU"),
    ):
        if most is not None and value is not None and value > most + _PEAK_SLACK_DB:
            yield Finding(
                "error",
                code,
                name,
                None,
                value,
                unit,
                f"{code.replace('_', ' ')} of {value:.2f} {unit}, {limits.name} takes {most:g}",
                "compress it more, or turn its loudest passage down",
            )


def _anywhere(measured: _Measured) -> Iterator[Finding]:
    """Yield what no place likes."""
    info, name = measured.info, str(measured.info.path)
    for note in measured.info.notes:
        short = "cut short" in note or "damaged" in note
        code = "cut_short" if short else "header"
        advice = "render it again" if short else "nothing: it was read all the same"
        yield Finding("error" if short else "note", code, name, None, None, "", note, advice)
    yield from edge_findings(info, measured.events, measured.first, measured.last)
    if info.channels == 1:
        text, advice = "it is mono", "deliver stereo: distributors take no mono"
        yield Finding("warning", "channels", name, None, 1.0, "channels", text, advice)
    yield from _events(measured, name)
    dc = max(measured.levels.dc_offset, key=abs)
    if abs(dc) >= LEAST_DC and info.duration_s >= 1.0:
        text = f"a DC offset of {100.0 * dc:+.2f} % of full scale"
        advice = "a high-pass at 20 Hz in the mastering preset takes it out"
        yield Finding("warning", "dc", name, None, dc, "of full scale", text, advice)
    if measured.stereo is not None:
        for code, loss, most, where in (
            ("mono_loss", measured.stereo.mono_loss_db, MOST_MONO_LOSS_DB, ""),
            (
                "bass_mono_loss",
                measured.stereo.mono_loss_below_120_hz_db,
                MOST_BASS_LOSS_DB,
                " below 120 Hz",
            ),
        ):
            if loss is not None and loss > most:
                text = f"in mono it loses {loss:.1f} dB{where}"
                advice = "narrow it, or the bass alone: width and mono bass in the preset"
                yield Finding("warning", code, name, None, loss, "dB", text, advice)
    verdict, hz = measured.provenance.bandwidth_verdict, measured.provenance.bandwidth_hz
    known = verdict == "lossy" and info.subtype in LOSSY_SUBTYPES  # of a lossy file no news
    if verdict in {"lossy", "upsampled"} and hz is not None and not known:
        code = "lossy_origin" if verdict == "lossy" else "upsampled"
        text = f"its spectrum {measured.provenance.bandwidth_note}"
        yield Finding("warning", code, name, None, hz, "Hz", text, "master it from the true mix")
    bits = measured.provenance.effective_bit_depth
    if info.subtype in {"PCM_24", "PCM_32"} and bits is not None and bits <= 16:
        text = f"{bits} bits in a file of {info.subtype.removeprefix('PCM_')}"
        advice = "render it from the mix with 24 bits, or deliver it as 16"
        yield Finding("warning", "bit_depth", name, None, float(bits), "bits", text, advice)


def _events(measured: _Measured, name: str) -> Iterator[Finding]:
    clipped = [event for event in measured.events.events if event.kind == "clipping"]
    if clipped:
        worst = max(clipped, key=lambda event: event.figure)
        yield Finding(
            "warning",
            "clipping",
            name,
            clipped[0].start_s,
            float(measured.events.clipped_runs),
            "runs",
            f"{measured.events.clipped_runs} clipped runs; the longest: {worst.text}, "
            f"at {worst.start_s:.3f} s",
            "leave it to the limiter of a mastering preset",
            times_s=tuple(event.start_s for event in clipped[:LISTED_TIMES]),
        )
    for event in measured.events.events:
        if event.kind == "dropout":
            text, advice = f"it drops out: {event.text}", "render it again"
            yield Finding("error", "dropout", name, event.start_s, event.figure, "s", text, advice)


def _through_codecs(
    info: AudioInfo, codecs: Sequence[Codec], pool: ThreadPoolExecutor
) -> list[tuple[Codec, tuple[float, int]]]:
    """Return the true peak in dBTP and the frames over full scale behind each codec."""
    if info.channels > MOST_CHANNELS:
        return []

    def heard(codec: Codec) -> tuple[float, int]:
        rate_hz = encoded_rate_hz(codec, info.sample_rate_hz)
        meter, overs = TruePeakMeter(rate_hz, info.channels), 0
        for block in through_codec(info.path, codec):
            meter.update(block)
            overs += int(np.count_nonzero(np.abs(block).max(axis=0) > 1.0))
        return gain_to_db(meter.peak), overs

    return list(zip(codecs, pool.map(heard, codecs), strict=True))


def _codec_findings(
    measured: _Measured, heard: Sequence[tuple[Codec, tuple[float, int]]]
) -> Iterator[Finding]:
    peak = measured.programme.true_peak_dbtp
    assert peak is not None
    for codec, (peak_dbtp, overs) in heard:
        if peak_dbtp <= 0.0:
            continue
        clipped = f", {overs} samples over full scale" if overs else ""
        yield Finding(
            "warning",
            "codec_over",
            str(measured.info.path),
            None,
            peak_dbtp,
            "dBTP",
            f"decoded from {_CODEC_NAMES[codec]} it peaks at {peak_dbtp:+.2f} dBTP "
            f"({peak_dbtp - peak:+.2f} dB{clipped})",
            f"a ceiling of {peak - peak_dbtp:.1f} dBTP would keep it under 0",
        )
