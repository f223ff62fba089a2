"""What of an earlier build is still right, and so is not made again."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from mixmaster.release.freezing import Frozen
from mixmaster.release.making import Level
from mixmaster.release.plan import Order
from mixmaster.release.proof.record import FileRecord
from mixmaster.release.publishing import ReleaseFolder
from mixmaster.release.recordings import Recordings

Stays = dict[str, FileRecord]
"""Files that stay, by recording; those of a disc by place, all of them or none."""


def staying(
    order: Order, recordings: Recordings, frozen: Frozen, folder: ReleaseFolder
) -> Stays | None:
    """Return the files of a target that stay; None where its levels are not known yet."""
    before = frozen.targets.get(order.named.name)
    if before is None:
        return None
    levels = {each.key: each for each in before.levels.tracks}
    wanted: dict[str, Level] = {}
    for key in (piece.key for piece in order.pieces):
        piece = recordings.pieces[key]
        level, own = levels.get(recordings.id_of(piece)), recordings.version_id(piece)
        if level is None or (piece.version and own not in before.versions):
            continue
        lufs, gain_db = before.versions.get(own, (level.wanted_lufs, level.gain_db))
        wanted[key] = Level(lufs, gain_db)
    if order.target.medium != "file":
        return _disc(order, wanted, recordings, frozen, folder)
    found: Stays = {}
    for file, piece in zip(order.files, order.pieces, strict=True):
        if piece.key not in wanted:
            continue
        own_piece = recordings.pieces[piece.key]
        record = frozen.files.get(recordings.file_key(order, own_piece, wanted[piece.key]))
        if record is not None and folder.intact(record):
            found[piece.key] = record.model_copy(update={"path": file.place})
            if file.place != record.path:  # it is only called otherwise now
                shutil.copyfile(folder.path / record.path, folder.place(file.place))
    return found


def _disc(
    order: Order,
    wanted: Mapping[str, Level],
    recordings: Recordings,
    frozen: Frozen,
    folder: ReleaseFolder,
) -> Stays:
    if len(wanted) != len(order.pieces):
        return {}
    key = recordings.disc_key(order, wanted)
    records = [record for own, record in frozen.files.items() if own.startswith(f"{key}/")]
    whole = bool(records) and all(folder.intact(record) for record in records)
    return {record.path: record for record in records} if whole else {}


def needed(
    orders: Mapping[str, Order], stays: Mapping[str, Stays | None], recordings: Recordings
) -> set[str]:
    """Return which recordings must be made ready, by key: with each version its track.

    Where a target's levels are to be found, all tracks are heard.
    """
    found: set[str] = set()
    for name, order in orders.items():
        keys = [piece.key for piece in order.pieces]
        known = stays[name]
        if known is None:
            found |= {key for key, piece in recordings.pieces.items() if not piece.version}
            found.update(keys)
        elif order.target.medium != "file":
            found.update(() if known else keys)
        else:
            found.update(key for key in keys if key not in known)
    return found | {str(recordings.pieces[key].number) for key in found}
