"""A disc planned from lengths alone: where everything will lie, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mixmaster.checking.findings import Finding
from mixmaster.errors import UsageError
from mixmaster.release.album.identifiers import (
    ean_13,
    gtin_problem,
    isrc_problem,
    normal_isrc,
)
from mixmaster.release.cd.cdtext import MOST_PACKS, cd_text
from mixmaster.release.cd.disc import Disc, DiscTrack
from mixmaster.release.cd.layout import Layout, Placed, lay_out
from mixmaster.release.cd.sheet import (
    MOST_TRACKS,
    RATE_HZ,
    SECTORS_PER_SECOND,
    SHORTEST_TRACK_SECTORS,
    Sheet,
    SheetTrack,
    clock,
)
from mixmaster.release.cd.text import TextChange, disc_words
from mixmaster.results import Result

COMFORTABLE_SECTORS: Final = (74 * 60 + 30) * SECTORS_PER_SECOND
LONGEST_SECTORS: Final = (79 * 60 + 57) * SECTORS_PER_SECOND
MOST_MASTER_ID: Final = 48
LONGEST_CROSSFADE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class CdPlan(Result):
    """A disc as it will be.

    Attributes:
        layout: Where everything lies.
        sheet: What the subcode and CD-Text will say.
        changes: Texts that the disc carries otherwise than they were given.
        findings: What is wrong: errors, warnings, notes.
    """

    layout: Layout
    sheet: Sheet
    changes: tuple[TextChange, ...]
    findings: tuple[Finding, ...]

    def require(self) -> None:
        """Raise unless the disc can be made.

        Raises:
            UsageError: With every error that was found.
        """
        errors = [finding for finding in self.findings if finding.severity == "error"]
        if errors:
            raise UsageError(
                "cd",
                "; ".join(f"{finding.file}: {finding.text}" for finding in errors),
                "; ".join(dict.fromkeys(finding.advice for finding in errors if finding.advice)),
            )


def plan_cd(
    tracks: Sequence[DiscTrack],
    disc: Disc,
    frames: Sequence[int],
    hidden_frames: Sequence[int] = (),
) -> CdPlan:
    """Return a disc's plan, before there is any audio.

    Args:
        tracks: The tracks, in order.
        disc: The disc.
        frames: Their lengths in frames at 44.1 kHz.
        hidden_frames: The lengths of what is hidden before them; 0 for none.
    """
    layout = lay_out(tracks, disc, frames, hidden_frames)
    sheet, changes = _sheet(tracks, disc, layout)
    findings = (
        *_of_lengths(layout),
        *_of_joins(tracks, layout),
        *_of_codes(tracks, disc),
        *_of_texts(disc, sheet, changes),
    )
    return CdPlan(layout, sheet, changes, findings)


def _sheet(
    tracks: Sequence[DiscTrack], disc: Disc, layout: Layout
) -> tuple[Sheet, tuple[TextChange, ...]]:
    words, said = disc_words(disc.words, "disc")
    changes = list(said)
    rows: list[SheetTrack] = []
    for track, place in zip(tracks, layout.tracks, strict=True):
        own, said = disc_words(track.words, f"track {place.number}")
        changes += said
        # A player shows each track's performer, not the disc's.
        own = replace(own, performer=own.performer or words.performer)
        isrc = "" if not track.isrc or isrc_problem(track.isrc) else normal_isrc(track.isrc)
        rows.append(SheetTrack(place.number, place.marks, isrc, place.control, own))
    catalogue = "" if not disc.upc or gtin_problem(disc.upc) else ean_13(disc.upc)
    return Sheet(tuple(rows), layout.lead_out, catalogue, words), tuple(changes)


def _of_lengths(layout: Layout) -> Iterator[Finding]:
    count = len(layout.tracks)
    if not 1 <= count <= MOST_TRACKS:
        yield _found(
            "error", "cd_tracks", "disc", f"{count} tracks", f"a disc holds 1 to {MOST_TRACKS}"
        )
    starts = [place.marks[0].sector for place in layout.tracks]
    for place, end in zip(layout.tracks, [*starts[1:], layout.lead_out], strict=False):
        sectors = end - place.marks[-1].sector
        if sectors < SHORTEST_TRACK_SECTORS:
            yield _found(
                "error",
                "cd_track_short",
                f"track {place.number}",
                f"it lasts {max(0, sectors) / SECTORS_PER_SECOND:.2f} s from its mark to the next",
                "a track of a disc lasts 4 s at least: join it to a neighbour",
            )
    said = f"the disc is {clock(layout.lead_out)} long"
    if layout.lead_out > LONGEST_SECTORS:
        limit = f"a disc holds {clock(LONGEST_SECTORS)}: leave something out, or make it two"
        yield _found("error", "cd_too_long", "disc", said, limit)
    elif layout.lead_out > COMFORTABLE_SECTORS:
        limit = f"beyond {clock(COMFORTABLE_SECTORS)} not every plant and player is sure: ask first"
        yield _found("warning", "cd_long", "disc", said, limit)


def _of_joins(tracks: Sequence[DiscTrack], layout: Layout) -> Iterator[Finding]:
    places = layout.tracks
    for track, place in zip(tracks, places, strict=True):
        where = f"track {place.number}"
        for problem, advice in _join_problems(track, place, places[place.number - 2]):
            yield _found("error", "cd_join", where, problem, advice)
        if place.mark_shift_frames < 0:
            early_ms = -1e3 * place.mark_shift_frames / RATE_HZ
            yield _found(
                "note",
                "cd_mark_moved",
                where,
                f"its mark lies {early_ms:.1f} ms early: the join is not on a sector's edge",
                "nothing was inserted; whoever skips to it hears that much of what is before",
            )


def _join_problems(track: DiscTrack, place: Placed, before: Placed) -> Iterator[tuple[str, str]]:
    first = place.number == 1
    if track.crossfade_s > 0.0 and first:
        yield "a crossfade with nothing before it", "crossfade_s is 0 for the first track"
    elif track.crossfade_s > 0.0 and track.gap_s:
        yield "a crossfade and a gap", "choose one"
    elif track.crossfade_s > LONGEST_CROSSFADE_S:
        limit = f"{LONGEST_CROSSFADE_S:g} s at most"
        yield f"a crossfade of {track.crossfade_s:g} s", limit
    elif not first and (
        round(track.crossfade_s * RATE_HZ) > place.crossfade_frames
        or before.crossfade_frames * (not before.hidden_frames) + place.crossfade_frames
        > before.frames
    ):
        reason = f"a crossfade of {track.crossfade_s:g} s does not fit between its neighbours"
        yield reason, "it may only overlap with one track, and no other crossfade"
    marks = [mark.sector for mark in place.marks]
    behind = 0 if first else before.marks[-1].sector + 1
    if marks[0] < behind or sorted(set(marks)) != marks:
        yield "its mark lies before the track's before it", "a smaller mark_offset_s"


def _of_codes(tracks: Sequence[DiscTrack], disc: Disc) -> Iterator[Finding]:
    wrong = gtin_problem(disc.upc) if disc.upc else None
    if wrong:
        yield _found("error", "cd_upc", "disc", *wrong)
    elif not disc.upc:
        yield _found("note", "cd_upc", "disc", "it carries no UPC or EAN", "a plant may ask for it")
    seen: dict[str, int] = {}
    for number, track in enumerate(tracks, start=1):
        where = f"track {number}"
        wrong = isrc_problem(track.isrc) if track.isrc else None
        code = normal_isrc(track.isrc)
        if wrong:
            yield _found("error", "cd_isrc", where, *wrong)
        elif code and code in seen:
            reason = f"it has the ISRC of track {seen[code]}, {code}"
            yield _found("warning", "cd_isrc", where, reason, "every recording has its own")
        elif code:
            seen[code] = number
    if not (disc.master_id.isascii() and disc.master_id.isprintable()):
        yield _found("error", "cd_master_id", "disc", "its master id is not plain ASCII", "")
    if len(disc.master_id) > MOST_MASTER_ID:
        limit = f"{MOST_MASTER_ID} at most"
        yield _found(
            "error",
            "cd_master_id",
            "disc",
            f"a master id of {len(disc.master_id)} characters",
            limit,
        )


def _of_texts(disc: Disc, sheet: Sheet, changes: Sequence[TextChange]) -> Iterator[Finding]:
    for change in changes:
        where, _, kind = change.where.rpartition(" ")
        yield _found(
            "warning" if change.lost else "note",
            "cd_text",
            where,
            f"its {kind} {_short(change.given)} becomes {_short(change.written)}",
            "a disc's text is ISO 8859-1, 80 characters at most: give it another spelling",
        )
    if not disc.cd_text:
        return
    packs = len(cd_text(sheet.words, [track.words for track in sheet.tracks])) // 18
    if packs > MOST_PACKS:
        yield _found(
            "error",
            "cd_text_packs",
            "disc",
            f"its texts take {packs} packs of CD-Text, a disc holds {MOST_PACKS}",
            f"some {(packs - MOST_PACKS) * 12} characters less, or no CD-Text",
        )


def _short(text: str, most: int = 60) -> str:
    return repr(text if len(text) <= most else text[: most - 1] + "\u2026")


def _found(severity: str, code: str, where: str, text: str, advice: str) -> Finding:
    assert severity in {"error", "warning", "note"}
    return Finding(severity, code, where, None, None, "", text, advice)  # type: ignore[arg-type]
