"""Making the files of one target: each recording delivered, then tagged, then said what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from mixmaster.audio.bext import Broadcast, coding_history, in_ascii, write_bext
from mixmaster.audio.source import probe
from mixmaster.audio.tags import KIND_OF_CONTAINER, Picture, Tags, held, write_tags
from mixmaster.mastering.results import MasterResult
from mixmaster.mastering.target import Target
from mixmaster.release.album.document import Album
from mixmaster.release.delivery import Delivery, Level, mastered
from mixmaster.release.excerpts import cut, float_file
from mixmaster.release.naming import tags_of
from mixmaster.release.pieces import Piece
from mixmaster.release.plan import Order, PlannedFile, target_for
from mixmaster.release.programmes.cutting import cut_programme
from mixmaster.release.proof.record import LimitsRecord
from mixmaster.release.studio import Ready
from mixmaster.release.together import Tell, Together

_TOLERANCE_LU: Final = 0.1
_AS_IT_IS: Final = 1e-6
_DEPTHS: Final = {"PCM_16": 16, "PCM_24": 24}


def levelled(target: Target, piece: Piece, level: Level) -> Target:
    """Return a target with the loudness that one recording is to have there.

    An approved master whose level stays, and whose file holds all of its bits, is not even
    dithered: its samples stay the same.
    """
    if target.true_peak_dbtp is None or target.dialogue is not None:
        return target
    update: dict[str, Any] = {"integrated_lufs": level.wanted_lufs}
    still = level.gain_db is not None and abs(level.gain_db) < _AS_IT_IS
    if level.wanted_lufs is None or (piece.approved and still):
        update |= {"integrated_lufs": None, "short_term_lufs": None, "gain_only": False}
        if _holds(target, piece):
            update["file"] = target.file.model_copy(update={"dither": "none"})
    elif target.package.loudness != "track":
        update["short_term_lufs"] = None
    found = target.model_copy(update=update)
    assert isinstance(found, Target)
    return found


def _holds(target: Target, piece: Piece) -> bool:
    """Tell whether a target's file holds an approved master's samples as they are."""
    if not piece.approved:
        return False
    if piece.parts:
        return all(_holds(target, part) for part in piece.parts)
    spec = target.file.spec(piece.sample_rate_hz, piece.channels)
    depth = _DEPTHS.get(probe(piece.path).subtype)
    same_rate = spec.sample_rate_hz == piece.sample_rate_hz
    return same_rate and not spec.is_lossy and depth is not None and depth <= spec.bit_depth


def deliver(
    order: Order,
    ready: Sequence[Ready],
    levels: Mapping[str, Level],
    files: Mapping[str, Path],
    together: Together,
    *,
    snippets: Mapping[str, Mapping[str, Any]],
) -> list[Delivery]:
    """Write the files of a target, untagged; what is refused says why, a programme as a whole.

    Args:
        order: The target.
        ready: The recordings to be written.
        levels: Each one's level, by key.
        files: Where each goes, by key.
        together: Does the work.
        snippets: Of those that are excerpts, where they lie in their track; see
            `excerpts.snippet_settings`.
    """
    base = target_for(order, order.pieces)

    def work(each: Ready, threads: int, tell: Tell) -> list[Delivery]:
        del threads  # the job knows
        each.listener.tell = tell
        piece = each.piece
        target = levelled(base, piece, levels[piece.key])
        spec = target.file.spec(piece.sample_rate_hz, piece.channels)
        if piece.parts:
            own, on_disc = [files[part.key] for part in piece.parts], order.target.medium != "file"
            return cut_programme(each, order.named.name, target, own, on_disc=on_disc)
        if not snippets.get(piece.key):
            result, made = mastered(each, order.named.name, target, files[piece.key])
            return [Delivery(piece, files[piece.key], spec, target, result, made)]
        return [_excerpt(each, order, target, files[piece.key], snippets[piece.key])]

    done = together.each(f"writing {order.named.name}", ready, work)
    return [delivery for each in done for delivery in each]


def _excerpt(
    each: Ready, order: Order, target: Target, file: Path, settings: Mapping[str, Any]
) -> Delivery:
    """Write an excerpt, cut from a float master that is gone afterwards."""
    piece = each.piece
    spec = target.file.spec(piece.sample_rate_hz, piece.channels)
    whole = file.with_name(f".{piece.key}.whole.wav")
    made: dict[str, Any] = {}

    def master(lowered: Target) -> MasterResult:
        given = lowered.model_copy(update={"file": float_file(spec)})
        result, said = mastered(each, order.named.name, given, whole)
        made.update(said)
        return result

    try:
        result = cut(settings, target, spec, (whole, file), master)
    finally:
        whole.unlink(missing_ok=True)
    return Delivery(piece, file, spec, target, result, {**made, "excerpt": dict(settings)})


def limits_of(delivery: Delivery, *, draft: bool) -> LimitsRecord:
    """Return what a finished file must keep to."""
    target, package, result = delivery.target, delivery.target.package, delivery.result
    plain = target.file.plain_wav and delivery.spec.container == "wav" and not package.bext
    whole = target.dialogue is None and package.snippet_s is None
    wanted = result.wanted_lufs if whole else None
    return LimitsRecord(
        integrated_lufs=wanted,
        tolerance_lu=_TOLERANCE_LU,
        true_peak_dbtp=result.ceiling_dbtp,
        max_short_term_lufs=target.max_short_term_lufs,
        max_loudness_range_lu=target.max_loudness_range_lu,
        max_silence_head_s=package.longest_silence_s,
        max_silence_tail_s=package.longest_silence_s,
        min_duration_s=None if draft or package.snippet_s is not None else package.shortest_s,
        plain_wav=plain,
    )


def meant_tags(album: Album, order: Order, file: PlannedFile, piece: Piece) -> Tags:
    """Return what a file is to say of itself, gains for playing aside; nothing where tags stay out.

    What its format has no place for is left out.
    """
    target = order.target
    plain = target.file.plain_wav and file.spec.container == "wav"
    if not target.package.tags or plain:
        return Tags()
    return held(KIND_OF_CONTAINER[file.spec.container], tags_of(album, piece))


def write_words(
    delivery: Delivery, album: Album, tags: Tags, picture: Picture | None
) -> tuple[Tags, Broadcast | None]:
    """Write tags, cover and broadcast chunk into a file; return what it says then.

    Raises:
        UsageError: For what this kind of file cannot hold.
        OutputError: When it cannot be written.
    """
    broadcast = None
    if delivery.target.package.bext and delivery.spec.container == "wav":
        broadcast = _broadcast(delivery, album)
    if tags != Tags() or picture is not None:
        tags = write_tags(delivery.file, tags, picture)
    return tags, broadcast


def _broadcast(delivery: Delivery, album: Album) -> Broadcast:
    piece, figures, spec = delivery.piece, delivery.figures, delivery.spec
    track = album.track[piece.number - 1]
    said = tags_of(album, piece)
    title = said.title + (f" ({said.version})" if said.version else "")
    broadcast = Broadcast(
        description=in_ascii(f"{track.artist or album.artist} - {title}".strip(" -"))[:256],
        originator=in_ascii(album.label or album.artist)[:32],
        originator_reference=piece.isrc[:32],
        origination_date="" if album.date is None else album.date.isoformat(),
        integrated_lufs=figures.integrated_lufs,
        loudness_range_lu=figures.loudness_range_lu,
        true_peak_dbtp=figures.true_peak_dbtp,
        max_momentary_lufs=figures.max_momentary_lufs,
        max_short_term_lufs=figures.max_short_term_lufs,
        coding_history=coding_history(spec.sample_rate_hz, spec.bit_depth, spec.channels),
    )
    write_bext(delivery.file, delivery.file, broadcast)
    return broadcast
