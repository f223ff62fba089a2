"""A disc's folder looked at again, later and anywhere: whole, unchanged, and of one mind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from mixmaster.audio.names import shown
from mixmaster.checking.findings import Finding
from mixmaster.errors import AudioFileError
from mixmaster.release.cd.files import (
    CUE_NAME,
    DDP_FOLDER,
    SUMS_NAME,
    TOP_NAMES,
    WAV_NAME,
    disc_files,
)
from mixmaster.release.cd.proving import (
    cue_sheet,
    disc_chunks,
    image_problems,
    sheet_problems,
    spoken,
)
from mixmaster.release.cd.reading_cue import CueSheet, read_cue
from mixmaster.release.cd.reading_ddp import Fileset, read_ddp, verify_checksums
from mixmaster.release.cd.sheet import (
    LAST_ADDRESS,
    SECTOR_FRAMES,
    SHORTEST_TRACK_SECTORS,
    Sheet,
    SheetTrack,
)
from mixmaster.release.discs.checksums import list_problems

_T = TypeVar("_T")


def check_cd(folder: Path) -> tuple[Finding, ...]:
    """Return what is wrong with a disc's folder; nothing for a whole one.

    Every file is read: the WAV and the CUE sheet against their list of MD5 sums and each other,
    the fileset field by field and against its own list, its image sample by sample against the
    WAV, its subcode and CD-Text against the CUE sheet. A file that was swapped, cut off or edited
    is named.
    """
    problems: list[str] = []
    wav_frames = _attempt(problems, lambda: _wav_frames(folder / WAV_NAME))
    cue = _attempt(problems, lambda: read_cue(folder / CUE_NAME))
    fileset = _attempt(problems, lambda: read_ddp(folder / DDP_FOLDER))
    problems += list_problems(folder, SUMS_NAME, TOP_NAMES)
    if fileset is not None:
        problems += [f"{DDP_FOLDER}/{each}" for each in fileset.problems]
        found = verify_checksums(folder / DDP_FOLDER, fileset)
        problems += [f"{DDP_FOLDER}/{each}" for each in found]
        problems += [f"{DDP_FOLDER}: {each}" for each in _book_problems(fileset.sheet)]
    if wav_frames is not None and cue is not None:
        problems += _cue_problems(cue, wav_frames)
    if wav_frames is not None and fileset is not None:
        image = fileset.image
        found = _attempt(problems, lambda: tuple(image_problems(folder / WAV_NAME, image))) or ()
        problems += [f"{DDP_FOLDER}/{each}" for each in found]
    if cue is not None and fileset is not None:
        problems += _agreement(cue, fileset)
    problems += _strangers(folder, fileset)
    return tuple(_finding(problem) for problem in dict.fromkeys(problems))


def _attempt(problems: list[str], look: Callable[[], _T]) -> _T | None:
    try:
        return look()
    except AudioFileError as error:
        problems.append(f"{Path(error.where).name}: {error.reason}")
        return None


def _wav_frames(path: Path) -> int:
    return sum(chunk.shape[1] for chunk in disc_chunks(path))


def _book_problems(sheet: Sheet) -> Iterator[str]:
    """Yield what the Red Book does not allow."""
    if sheet.lead_out > LAST_ADDRESS:
        yield "its lead-out lies beyond 99:59:74"
    ends = [track.marks[0].sector for track in sheet.tracks[1:]] + [sheet.lead_out]
    for track, end in zip(sheet.tracks, ends, strict=True):
        if end - track.start < SHORTEST_TRACK_SECTORS:
            yield f"track {track.number} is shorter than 4 s"


def _cue_problems(cue: CueSheet, frames: int) -> Iterator[str]:
    if (cue.file, cue.file_type) != (WAV_NAME, "WAVE"):
        yield f"{CUE_NAME}: it names {shown(cue.file)} ({cue.file_type}), not {WAV_NAME}"
    if frames % SECTOR_FRAMES:
        yield f"{WAV_NAME}: its {frames} frames are no whole sectors"
    last = cue.tracks[-1].indexes[-1][1]
    if last * SECTOR_FRAMES >= frames:
        yield f"{CUE_NAME}: track {len(cue.tracks)} begins behind the end of {WAV_NAME}"


def _agreement(cue: CueSheet, fileset: Fileset) -> Iterator[str]:
    expected = fileset.sheet
    has_text = any(packet.kind == "CDTEXT" for packet in fileset.packets)
    found = cue_sheet(cue, expected.lead_out)
    tracks = tuple(
        SheetTrack(
            each.number,
            each.marks,
            each.isrc,
            each.control,
            spoken(each.words) if has_text else mine.words,
        )
        for each, mine in zip(expected.tracks, found.tracks, strict=False)
    )
    words = spoken(expected.words) if has_text else found.words
    kept = expected.tracks[len(tracks) :]
    whole = Sheet((*tracks, *kept), expected.lead_out, expected.catalogue, words)
    for problem in sheet_problems(CUE_NAME, found, whole):
        yield f"{problem}: it and the fileset are not of one disc"


def _strangers(folder: Path, fileset: Fileset | None) -> Iterator[str]:
    """Yield what lies among the fileset's files and is none of them: a plant would ask."""
    known = {Path(name).name for name in disc_files(cd_text=False)}
    if fileset is not None:
        known |= {packet.name for packet in fileset.packets}
    inside = folder / DDP_FOLDER
    if inside.is_dir():
        for path in sorted(inside.iterdir()):
            if path.name not in known:
                yield f"{DDP_FOLDER}/{shown(path.name)}: nothing in the fileset names it"


def _finding(problem: str) -> Finding:
    file, _, text = problem.partition(": ")
    advice = "make the disc again, or take it from where it was made"
    return Finding("error", "cd", file, None, None, "", text, advice)
