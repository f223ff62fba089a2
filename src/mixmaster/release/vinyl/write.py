"""Sides written: a WAV and a cue sheet each, read back, and held against what a groove bears."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mixmaster.audio.names import shown
from mixmaster.audio.sink import FileSpec, open_sink
from mixmaster.audio.source import probe
from mixmaster.checking.findings import Finding
from mixmaster.engine.measuring import measure_file
from mixmaster.errors import AudioFileError, OutputError
from mixmaster.mastering.vinyl import cutting_warnings
from mixmaster.metering.programme import ProgrammeFigures
from mixmaster.release.discs.checksums import md5_list, md5_of
from mixmaster.release.discs.readback import differences, wav_chunks
from mixmaster.release.discs.sequence import below_full_scale, programme
from mixmaster.release.discs.staging import staged_files
from mixmaster.release.vinyl.cue import CueSheet
from mixmaster.release.vinyl.plan import Side, VinylPlan, plan_vinyl, side_files
from mixmaster.release.vinyl.record import Vinyl, VinylTrack
from mixmaster.results import Result

SUMS_NAME: Final = "vinyl.md5"
MOST_TRUE_PEAK_DBTP: Final = -1.0
LOUD_LUFS: Final = -10.0

_MOST_ERROR_LSB: Final = 1.5  # rounding, and triangular dither


@dataclass(frozen=True, slots=True)
class SideResult(Result):
    """A side that was written and read back.

    Attributes:
        letter: A, B, C ...
        file: Its WAV, relative to the folder.
        length_s: How long it plays.
        figures: What was measured on it.
    """

    letter: str
    file: str
    length_s: float
    figures: ProgrammeFigures


@dataclass(frozen=True, slots=True)
class VinylResult(Result):
    """A record that was written.

    Attributes:
        plan: Its sides and bands.
        sides: What was written and measured.
        files: Every file, relative to the folder, with its MD5.
        findings: What is wrong: lengths, joins, and what a groove does not like.
    """

    plan: VinylPlan
    sides: tuple[SideResult, ...]
    files: dict[str, str]
    findings: tuple[Finding, ...]


def lengths(tracks: Sequence[VinylTrack]) -> tuple[tuple[int, ...], int]:
    """Return the tracks' lengths and their one rate.

    Raises:
        AudioFileError: For files of more than two channels or of several rates.
    """
    found = [(track.source, probe(track.source)) for track in tracks]
    for path, info in found:
        if info.channels > 2:
            raise AudioFileError(
                shown(path), f"it has {info.channels} channels", "a record is mono or stereo"
            )
        if info.sample_rate_hz != found[0][1].sample_rate_hz:
            rates = f"its rate is {info.sample_rate_hz} Hz, {found[0][1].sample_rate_hz} Hz is the"
            advice = "render all premasters at one rate"
            raise AudioFileError(shown(path), f"{rates} first track's", advice)
    rate_hz = found[0][1].sample_rate_hz if found else 0
    return tuple(info.frames for _, info in found), rate_hz


def side_name(letter: str) -> str:
    """Return what a side's files are called, without their suffix."""
    return f"side_{letter.lower()}"


def side_files_of(letter: str) -> tuple[str, ...]:
    """Return a side's files: its audio, and its cue sheet three times."""
    return tuple(f"{side_name(letter)}{suffix}" for suffix in (".wav", ".txt", ".csv", ".json"))


def write_vinyl(
    tracks: Sequence[VinylTrack], vinyl: Vinyl, folder: Path, *, overwrite: bool = False
) -> VinylResult:
    """Write a record's sides into a folder: ``side_a.wav`` and its cue sheets, and so on.

    Sides keep the sources' rate; each is dithered once, read back to the sample, measured, and
    held against what a groove does not like. Nothing gets its name before all sides are right.

    Args:
        tracks: The tracks, in order.
        vinyl: The record.
        folder: Where to; made if need be.
        overwrite: Whether files of these names may be replaced.

    Raises:
        UsageError: For a record that cannot be: sides out of order, crossfades that do not fit.
        AudioFileError: For a source that cannot be used.
        RefusedError: Where a side passes full scale.
        OutputError: When it cannot be written, or does not read back as written.
    """
    frames, rate_hz = lengths(tracks)
    plan = plan_vinyl(tracks, vinyl, frames, rate_hz)
    plan.require()
    spec = FileSpec("wav", vinyl.bit_depth, rate_hz, 2)
    names = [name for side in plan.sides for name in side_files_of(side.letter)]
    findings = list(plan.findings)
    written: list[SideResult] = []
    with staged_files(
        folder,
        (*names, SUMS_NAME),
        inputs=[track.source for track in tracks],
        overwrite=overwrite,
        bytes_needed=sum(spec.bytes_at_most(side.frames) for side in plan.sides),
    ) as parts:
        for side in plan.sides:
            name = side_name(side.letter)
            figures, found = _write_side(tracks, side, spec, parts[f"{name}.wav"])
            findings += found
            length_s = side.frames / rate_hz
            written.append(SideResult(side.letter, f"{name}.wav", length_s, figures))
            sheet = CueSheet(tracks, vinyl, side, rate_hz, f"{name}.wav")
            _write_sheet(sheet, findings, parts)
        sums = {name: md5_of(parts[name]) for name in names}
        _put_text(parts[SUMS_NAME], md5_list(sums).decode())
    return VinylResult(plan, tuple(written), sums, tuple(findings))


def _write_side(
    tracks: Sequence[VinylTrack], side: Side, spec: FileSpec, part: Path
) -> tuple[ProgrammeFigures, list[Finding]]:
    laid, rate_hz, where = side_files(tracks, side), spec.sample_rate_hz, f"side {side.letter}"
    with open_sink(part, spec, frames_expected=side.frames) as sink:
        blocks = programme(laid, side.frames, rate_hz)
        for block in below_full_scale(blocks, rate_hz, where):
            sink.write(block)
    found = wav_chunks(part, rate_hz, spec.bit_depth)
    wanted = programme(laid, side.frames, rate_hz)
    name = f"{side_name(side.letter)}.wav"
    wrong = tuple(differences(name, found, wanted, spec.bit_depth, _MOST_ERROR_LSB))
    if wrong:
        raise OutputError(name, f"it does not read back as written: {'; '.join(wrong)}")
    figures = measure_file(part).figures
    findings = [
        Finding("warning", "vinyl_groove", where, None, None, "", text, "tell the cutting house")
        for text in cutting_warnings(part, lengths=False)
    ]
    return figures, [*findings, *_of_level(figures, where)]


def _of_level(figures: ProgrammeFigures, where: str) -> Iterator[Finding]:
    peak_dbtp, loud_lufs = figures.true_peak_dbtp, figures.integrated_lufs
    if peak_dbtp is not None and peak_dbtp > MOST_TRUE_PEAK_DBTP:
        text = f"its true peak is {peak_dbtp:+.1f} dBTP"
        hint = "a cutting house wants headroom, -3 dBTP is usual: turn it down, do not limit it"
        yield Finding("warning", "vinyl_level", where, None, peak_dbtp, "dBTP", text, hint)
    if loud_lufs is not None and loud_lufs > LOUD_LUFS:
        text = f"it is as dense as {loud_lufs:.1f} LUFS"
        hint = "density is no level on a record, it is cut quieter: send the unlimited premaster"
        yield Finding("warning", "vinyl_level", where, None, loud_lufs, "LUFS", text, hint)


def _write_sheet(sheet: CueSheet, findings: Sequence[Finding], parts: dict[str, Path]) -> None:
    name = side_name(sheet.side.letter)
    own = {f"side {sheet.side.letter}", *(band.position for band in sheet.side.bands)}
    said = [finding.text for finding in findings if finding.file in own]
    _put_text(parts[f"{name}.json"], sheet.json())
    _put_text(parts[f"{name}.csv"], sheet.csv())
    _put_text(parts[f"{name}.txt"], sheet.text(said))


def _put_text(part: Path, text: str) -> None:
    try:
        part.write_bytes(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        reason = f"it could not be written: {error.strerror or error}"
        raise OutputError(shown(part), reason) from error
