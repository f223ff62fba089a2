"""A disc read back: its audio against the programme, its files against one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from mixmaster.audio.names import shown
from mixmaster.dsp.dither import Dither
from mixmaster.dsp.noise_shaping import MOST_LSB
from mixmaster.errors import OutputError
from mixmaster.release.cd.disc import Disc
from mixmaster.release.cd.files import CUE_NAME, DDP_FOLDER, IMAGE_FILE, WAV_NAME
from mixmaster.release.cd.plan import CdPlan
from mixmaster.release.cd.reading_cue import CueSheet, read_cue
from mixmaster.release.cd.reading_ddp import read_ddp, verify_checksums
from mixmaster.release.cd.sheet import (
    COPY_PERMITTED,
    NOTHING,
    PRE_EMPHASIS,
    PREGAP_SECTORS,
    RATE_HZ,
    SECTOR_BYTES,
    TEXT_KINDS,
    Mark,
    Sheet,
    SheetTrack,
    Words,
    clock,
)
from mixmaster.release.discs.readback import Samples, differences, wav_chunks
from mixmaster.release.discs.sequence import Laid, programme
from mixmaster.release.reading import opened

# Half an LSB by rounding, one by triangular dither; shaping feeds both back.
_MOST_ERROR_LSB: Final[dict[Dither, float]] = {"none": 0.5, "tpdf": 1.5, "shaped": MOST_LSB}
_CUE_KINDS: Final = ("title", "performer", "songwriter")


def prove(
    plan: CdPlan, laid: Sequence[Laid], disc: Disc, folder: Path, parts: Mapping[str, Path]
) -> None:
    """Raise unless a disc's files, not yet in their places, say and hold what was planned.

    Raises:
        OutputError: With everything that is otherwise.
    """
    problems = list(_audio_problems(plan, laid, disc, parts))
    cue = read_cue(parts[CUE_NAME])
    if cue.file != WAV_NAME:
        problems.append(f"{CUE_NAME}: it names {cue.file}")
    problems += sheet_problems(CUE_NAME, cue_sheet(cue, plan.sheet.lead_out), _spoken(plan.sheet))
    inside = {name.removeprefix(f"{DDP_FOLDER}/"): path for name, path in parts.items()}
    fileset = read_ddp(folder / DDP_FOLDER, inside)
    problems += fileset.problems
    problems += verify_checksums(folder / DDP_FOLDER, fileset, inside)
    problems += sheet_problems("the fileset", fileset.sheet, _carried(plan.sheet, disc))
    if fileset.master_id != disc.master_id.strip(" "):
        problems.append(f"DDPID: its master id is {fileset.master_id}")
    if problems:
        raise OutputError(shown(folder), f"it does not read back as written: {'; '.join(problems)}")


def cue_sheet(cue: CueSheet, lead_out: int) -> Sheet:
    """Return a CUE sheet as a disc's table of contents.

    A pause that begins with the file is the first track's, and begins at 00:00:00 on the disc.
    """
    tracks: list[SheetTrack] = []
    for track in cue.tracks:
        marks = [Mark(index, sector + PREGAP_SECTORS) for index, sector in track.indexes]
        if not tracks:
            marks = [Mark(0, 0), *(mark for mark in marks if mark.index)]
        control = COPY_PERMITTED * ("DCP" in track.flags) | PRE_EMPHASIS * ("PRE" in track.flags)
        tracks.append(SheetTrack(track.number, tuple(marks), track.isrc, control, track.words))
    return Sheet(tuple(tracks), lead_out, cue.catalogue, cue.words)


def sheet_problems(name: str, found: Sheet, expected: Sheet) -> Iterator[str]:
    """Yield where two tables of contents differ, track by track."""
    for one, other, what in (
        (found.catalogue, expected.catalogue, "UPC"),
        (clock(found.lead_out), clock(expected.lead_out), "lead-out"),
        *_said(found.words, expected.words),
    ):
        if one != other:
            yield f"{name}: its {what} is {_shown(one)}, not {_shown(other)}"
    if len(found.tracks) != len(expected.tracks):
        yield f"{name}: it has {len(found.tracks)} tracks, not {len(expected.tracks)}"
    for mine, wanted in zip(found.tracks, expected.tracks, strict=False):
        for one, other, what in (
            (_places(mine), _places(wanted), "place"),
            (mine.isrc, wanted.isrc, "ISRC"),
            (f"{mine.control:04b}", f"{wanted.control:04b}", "control"),
            *_said(mine.words, wanted.words),
        ):
            if one != other:
                where = f"{name}: track {mine.number}"
                yield f"{where}: its {what} is {_shown(one)}, not {_shown(other)}"


def _said(found: Words, expected: Words) -> Iterator[tuple[str, str, str]]:
    for kind in TEXT_KINDS:
        yield found.of(kind), expected.of(kind), kind


def _places(track: SheetTrack) -> str:
    return ", ".join(f"{mark.index:02d} at {clock(mark.sector)}" for mark in track.marks)


def _shown(text: str) -> str:
    return f"'{shown(text)}'" if text else "nothing"


def spoken(words: Words) -> Words:
    """Return what a CUE sheet can say of words."""
    return Words(**{kind: getattr(words, kind) for kind in _CUE_KINDS})


def _spoken(sheet: Sheet) -> Sheet:
    tracks = tuple(replace(track, words=spoken(track.words)) for track in sheet.tracks)
    return replace(sheet, tracks=tracks, words=spoken(sheet.words))


def _carried(sheet: Sheet, disc: Disc) -> Sheet:
    if disc.cd_text:
        return sheet
    tracks = tuple(replace(track, words=NOTHING) for track in sheet.tracks)
    return replace(sheet, tracks=tracks, words=NOTHING)


def _audio_problems(
    plan: CdPlan, laid: Sequence[Laid], disc: Disc, parts: Mapping[str, Path]
) -> Iterator[str]:
    """Yield where the WAV is not the programme within rounding and dither, or not the image."""
    wanted = programme(laid, plan.layout.frames, RATE_HZ)
    found = disc_chunks(parts[WAV_NAME])
    yield from differences(WAV_NAME, found, wanted, 16, _MOST_ERROR_LSB[disc.dither])
    yield from image_problems(parts[WAV_NAME], parts[IMAGE_FILE])


def disc_chunks(wav: Path) -> Iterator[Samples]:
    """Yield a disc's WAV, ``(2, frames)``.

    Raises:
        AudioFileError: For anything but a whole file of 16-bit stereo at 44.1 kHz.
    """
    return wav_chunks(wav, RATE_HZ, 16)


def image_problems(wav: Path, image: Path) -> Iterator[str]:
    """Yield where a fileset's image is not the WAV behind two seconds of digital silence."""
    try:
        with opened(image) as file:
            if any(file.read(PREGAP_SECTORS * SECTOR_BYTES)):
                yield "IMAGE.DAT: its first pause is not silent"
            first = 0
            for chunk in disc_chunks(wav):
                wanted = chunk.T.astype("<i2").tobytes()
                found = file.read(len(wanted))
                if found != wanted:
                    one = np.frombuffer(found[: len(found) // 4 * 4], dtype="<u4")
                    other = np.frombuffer(wanted, dtype="<u4")[: one.size]
                    where = np.flatnonzero(one != other)
                    at = first + int(where[0] if where.size else one.size)
                    yield f"IMAGE.DAT: from frame {at} of the programme it is not {WAV_NAME}"
                    return
                first += chunk.shape[1]
            if file.read(1):
                yield f"IMAGE.DAT: it is longer than {WAV_NAME}"
    except OSError as error:
        yield f"IMAGE.DAT: it cannot be read: {error.strerror}"
