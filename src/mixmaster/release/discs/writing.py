"""A target that is made of all tracks together: a CD, or a record's sides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mixmaster.audio.formats import FileSpec
from mixmaster.audio.source import probe
from mixmaster.release.album.document import Album, Track
from mixmaster.release.cd.write import write_cd
from mixmaster.release.delivery import Delivery
from mixmaster.release.discs.planning import disc_of, disc_track, record_of, record_track
from mixmaster.release.naming import folder_of
from mixmaster.release.pieces import Piece
from mixmaster.release.plan import Order
from mixmaster.release.proof.record import AudioRecord, FileKind, FileRecord, LimitsRecord
from mixmaster.release.proof.recording import audio_record, recorded
from mixmaster.release.vinyl.write import write_vinyl

_SAID: Final = (
    *("title", "version", "artist", "isrc", "writers"),
    *("gap_s", "crossfade_s", "crossfade_law", "side"),
)
"""What of a track a disc follows from, beside its sound."""

_ROUNDING_DB: Final = 0.02
"""By so much dither and rounding to 16 bits may lift a true peak beyond the float master's."""


@dataclass(frozen=True, slots=True)
class DiscFiles:
    """What was made of a disc or a record.

    Attributes:
        records: One for each of its files, not proven yet.
        notes: What has to be said.
    """

    records: tuple[FileRecord, ...]
    notes: tuple[str, ...]


def disc_settings(album: Album, order: Order) -> dict[str, Any]:
    """Return what a disc follows from beside its tracks' sound, for its key."""
    own = album.cd if order.target.medium == "cd" else album.vinyl
    return {
        "settings": own.model_dump(mode="json"),
        "album": [album.title, album.version, album.artist, album.upc, album.catalogue_number],
        "tracks": [track.model_dump(mode="json", include=set(_SAID)) for track in album.track],
    }


def write_disc(
    album: Album,
    order: Order,
    deliveries: Sequence[Delivery],
    folder: Path,
    *,
    key: str,
) -> DiscFiles:
    """Write a target's disc or sides from its tracks' float masters.

    Args:
        album: The document.
        order: The target.
        deliveries: Its tracks in order.
        folder: What becomes the release's folder.
        key: What identifies the disc.

    Raises:
        UsageError: For a disc that cannot be.
        RefusedError: Where tracks that sound together pass full scale.
        OutputError: When it cannot be written, or does not read back as written.
    """
    own = folder / folder_of(order.named)
    made_from = {"tracks": [dict(each.made_from) for each in deliveries]}
    write = _cd if order.target.medium == "cd" else _vinyl
    notes = write(album, deliveries, own)
    kind: FileKind = "disc" if order.target.medium == "cd" else "vinyl"
    records = []
    for path in sorted(path for path in own.rglob("*") if path.is_file()):
        place = path.relative_to(folder).as_posix()
        audio, limits = _sound(path, order)
        records.append(
            recorded(
                folder,
                place,
                kind,
                target=order.named.name,
                audio=audio,
                limits=limits,
                key=f"{key}/{path.relative_to(own).as_posix()}",
                made_from=made_from if audio is not None else None,
            )
        )
    return DiscFiles(tuple(records), notes)


def _sound(path: Path, order: Order) -> tuple[AudioRecord | None, LimitsRecord | None]:
    """Return what a disc's sound file must be, and keep to; None for sheets and lists."""
    if path.suffix != ".wav":
        return None, None
    info = probe(path)
    spec = FileSpec(
        "wav", 16 if info.subtype == "PCM_16" else 24, info.sample_rate_hz, info.channels
    )
    audio = audio_record(spec, info.frames)
    ceiling = order.target.true_peak_dbtp
    lifted = None if ceiling is None else ceiling + _ROUNDING_DB
    return audio, LimitsRecord(true_peak_dbtp=lifted)


def _cd(album: Album, deliveries: Sequence[Delivery], folder: Path) -> tuple[str, ...]:
    tracks = [
        disc_track(album, track, each.piece.isrc, each.file)
        for each, track in _with_tracks(album, deliveries)
    ]
    result = write_cd(tracks, disc_of(album), folder)
    said = [f"{each.file}: {each.text}" for each in result.plan.findings]
    return (*said, *result.notes)


def _vinyl(album: Album, deliveries: Sequence[Delivery], folder: Path) -> tuple[str, ...]:
    tracks = [
        record_track(album, track, each.piece.isrc, each.file)
        for each, track in _with_tracks(album, deliveries)
    ]
    result = write_vinyl(tracks, record_of(album), folder)
    return tuple(f"{each.file}: {each.text}" for each in result.findings)


def _with_tracks(album: Album, deliveries: Sequence[Delivery]) -> Iterator[tuple[Delivery, Track]]:
    for each in deliveries:
        yield each, album.track[each.piece.number - 1]


def scratch_file(folder: Path, order: Order, piece: Piece) -> Path:
    """Return where a track's float master lies until the disc is written."""
    own = folder / "discs" / folder_of(order.named)
    own.mkdir(parents=True, exist_ok=True)
    return own / f"{piece.number:03d}.wav"
