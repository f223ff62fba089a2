"""A disc written: WAV and CUE, a DDP fileset, and all of it read back before it is there."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mixmaster.audio.names import shown
from mixmaster.audio.sink import FileSpec, open_sink
from mixmaster.audio.source import probe
from mixmaster.errors import AudioFileError, OutputError
from mixmaster.release.cd import ddp
from mixmaster.release.cd.cdtext import cd_text
from mixmaster.release.cd.cue import cue_text
from mixmaster.release.cd.disc import Disc, DiscTrack
from mixmaster.release.cd.files import (
    CUE_NAME,
    DDP_FOLDER,
    IMAGE_FILE,
    SUMS_NAME,
    TEXT_FILE,
    TOP_NAMES,
    WAV_NAME,
    ddp_names,
    disc_files,
)
from mixmaster.release.cd.layout import laid_files
from mixmaster.release.cd.plan import CdPlan, plan_cd
from mixmaster.release.cd.proving import prove
from mixmaster.release.cd.sheet import PREGAP_SECTORS, RATE_HZ, SECTOR_BYTES
from mixmaster.release.discs.checksums import md5_list, md5_of
from mixmaster.release.discs.sequence import Laid, below_full_scale, programme
from mixmaster.release.discs.staging import staged_files
from mixmaster.results import Result

_SPEC: Final = FileSpec("wav", 16, RATE_HZ, 2)
_COPY_FRAMES: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class CdResult(Result):
    """A disc that was written and read back.

    Attributes:
        plan: Where everything lies, what is said, what was found.
        files: What the lists of checksums name, relative to the folder, with its MD5.
        sample_peak_dbfs: The largest sample of the disc; None for digital silence.
        clipped_samples: Samples at full scale that dither or rounding alone pushed beyond it.
        notes: What had to be said of the sources and of those samples.
    """

    plan: CdPlan
    files: dict[str, str]
    sample_peak_dbfs: float | None
    clipped_samples: int
    notes: tuple[str, ...]


def lengths(
    tracks: Sequence[DiscTrack], disc: Disc
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[str, ...]]:
    """Return the tracks' lengths, those of what is hidden before them, and what is to be said.

    Raises:
        AudioFileError: For a file that no disc can be made from.
    """
    notes: list[str] = []
    found = [_looked_at(track.source, disc, notes) for track in tracks]
    hidden = [
        0 if track.hidden is None else _looked_at(track.hidden, disc, notes) for track in tracks
    ]
    return tuple(found), tuple(hidden), tuple(dict.fromkeys(notes))


def _looked_at(path: Path, disc: Disc, notes: list[str]) -> int:
    """Return a file's length, and note what its user may not expect."""
    info = probe(path)
    if info.sample_rate_hz != RATE_HZ or info.channels > 2:
        reason = f"it has {info.channels} channels at {info.sample_rate_hz} Hz"
        advice = "a disc is made from 44.1 kHz, mono or stereo: master it for a CD first"
        raise AudioFileError(shown(path), reason, advice)
    name = shown(path.name)
    if info.channels == 1:
        notes.append(f"{name} is mono: it goes to both channels")
    if info.subtype == "PCM_16" and disc.dither != "none":
        notes.append(f"{name} has 16 bits already: it is dithered again; without dither it is not")
    return info.frames


def write_cd(
    tracks: Sequence[DiscTrack], disc: Disc, folder: Path, *, overwrite: bool = False
) -> CdResult:
    """Write a disc into a folder: ``disc.wav``, ``disc.cue``, ``disc.md5`` and ``ddp/``.

    Joins and crossfades are computed first; then the whole programme is dithered, once. Memory
    does not grow with length. Everything is read back, to the sample, before the first file gets
    its name.

    Args:
        tracks: The tracks, in order.
        disc: The disc.
        folder: Where to; made if need be.
        overwrite: Whether files of these names may be replaced.

    Raises:
        UsageError: For a disc that cannot be: `CdPlan.require`.
        AudioFileError: For a source that cannot be used.
        RefusedError: Where the programme passes full scale, with the place.
        OutputError: When it cannot be written, or does not read back as written.
    """
    frames, hidden, notes = lengths(tracks, disc)
    plan = plan_cd(tracks, disc, frames, hidden)
    plan.require()
    laid = laid_files(tracks, plan.layout)
    words = [track.words for track in plan.sheet.tracks]
    text = cd_text(plan.sheet.words, words) if disc.cd_text else b""
    names = disc_files(cd_text=bool(text))
    sources = [each.path for each in laid]
    room = 2 * plan.layout.lead_out * SECTOR_BYTES
    with staged_files(
        folder, names, inputs=sources, overwrite=overwrite, bytes_needed=room
    ) as parts:
        peak, clipped = _write_audio(plan, laid, disc, parts[WAV_NAME])
        sums = _write_descriptions(plan, disc, text, parts)
        prove(plan, laid, disc, folder, parts)
    if overwrite and not text:
        (folder / TEXT_FILE).unlink(missing_ok=True)  # an earlier writing's
    if clipped:
        notes = (*notes, f"{clipped} samples at full scale were held there: dither led beyond it")
    return CdResult(plan, sums, peak, clipped, notes)


def _write_descriptions(
    plan: CdPlan, disc: Disc, text: bytes, parts: dict[str, Path]
) -> dict[str, str]:
    """Write everything but the WAV; return the MD5 of every file."""
    sheet = plan.sheet
    descriptor = ddp.pq_descriptor(sheet)
    contents = {
        CUE_NAME: cue_text(sheet, WAV_NAME),
        f"{DDP_FOLDER}/{ddp.ID_NAME}": ddp.ddp_id(sheet, disc.master_id),
        f"{DDP_FOLDER}/{ddp.MAP_NAME}": ddp.ddp_map(sheet, len(descriptor), len(text)),
        f"{DDP_FOLDER}/{ddp.PQ_NAME}": descriptor,
        TEXT_FILE: text,
    }
    sums: dict[str, str] = {}
    try:
        _copy_image(parts[WAV_NAME], parts[IMAGE_FILE])
        for name, data in contents.items():
            if name in parts:
                parts[name].write_bytes(data)
        for name in (*TOP_NAMES, *(f"{DDP_FOLDER}/{n}" for n in ddp_names(cd_text=bool(text)))):
            sums[name] = md5_of(parts[name])
        listed = {n: sums[f"{DDP_FOLDER}/{n}"] for n in ddp_names(cd_text=bool(text))}
        parts[f"{DDP_FOLDER}/{ddp.CHECKSUM_NAME}"].write_bytes(md5_list(listed))
        parts[SUMS_NAME].write_bytes(md5_list({name: sums[name] for name in TOP_NAMES}))
    except OSError as error:
        reason = f"it could not be written: {error.strerror or error}"
        raise OutputError(shown(parts[IMAGE_FILE].parent), reason) from error
    return sums


def _copy_image(wav: Path, image: Path) -> None:
    """Write the image: the first pause in digital silence, then the WAV's samples."""
    with wave.open(str(wav), "rb") as source, image.open("wb") as target:
        target.write(bytes(PREGAP_SECTORS * SECTOR_BYTES))
        while data := source.readframes(_COPY_FRAMES):
            target.write(data)


def _write_audio(
    plan: CdPlan, laid: Sequence[Laid], disc: Disc, part: Path
) -> tuple[float | None, int]:
    frames = plan.layout.frames
    with open_sink(part, _SPEC, frames_expected=frames, dither=disc.dither) as sink:
        for block in below_full_scale(programme(laid, frames, RATE_HZ), RATE_HZ, "cd"):
            sink.write(block)
        report = sink.close()
    return report.sample_peak_dbfs, report.clipped_samples
