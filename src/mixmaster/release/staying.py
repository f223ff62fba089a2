"""What of an earlier build is still right, and so is not made again."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from mixmaster.release.delivery import Level
from mixmaster.release.freezing import Frozen
from mixmaster.release.pieces import Piece
from mixmaster.release.plan import Order
from mixmaster.release.proof.record import FileRecord
from mixmaster.release.publishing.folder import ReleaseFolder
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
    for key in (unit.key for unit in order.units):
        piece = recordings.pieces[key]
        level = levels.get(recordings.id_of(order.main_of(piece)))
        own = recordings.version_id(piece)
        if level is None or (piece.version and own not in before.versions):
            continue
        lufs, gain_db = before.versions.get(own, (level.wanted_lufs, level.gain_db))
        wanted[key] = Level(lufs, gain_db)
    if order.target.medium != "file":
        return _disc(order, wanted, recordings, frozen, folder)
    found: Stays = {}
    for file, piece in zip(order.files, order.pieces, strict=True):
        unit = order.unit_of(piece)
        if unit.key not in wanted:
            continue
        record = frozen.files.get(recordings.file_key(order, piece, wanted[unit.key]))
        if record is not None and folder.intact(record):
            found[piece.key] = record.model_copy(update={"path": file.place})
            if file.place != record.path:  # it is only called otherwise now
                shutil.copyfile(folder.path / record.path, folder.place(file.place))
    return found


def stale(order: Order, stays: Stays) -> list[Piece]:
    """Return what of a target has to be mastered: programmes where one of their files lacks."""
    if order.target.medium != "file":
        return [] if stays else list(order.units)
    return [unit for unit in order.units if any(part.key not in stays for part in unit.each)]


def _disc(
    order: Order,
    wanted: Mapping[str, Level],
    recordings: Recordings,
    frozen: Frozen,
    folder: ReleaseFolder,
) -> Stays:
    if len(wanted) != len(order.units):
        return {}
    key = recordings.disc_key(order, wanted)
    records = [record for own, record in frozen.files.items() if own.startswith(f"{key}/")]
    whole = bool(records) and all(folder.intact(record) for record in records)
    return {record.path: record for record in records} if whole else {}


def needed(
    orders: Mapping[str, Order],
    stays: Mapping[str, Stays | None],
    recordings: Recordings,
) -> set[str]:
    """Return which recordings must be made ready, by key: with each version its track.

    Args:
        orders: The targets, by name.
        stays: What of each stays, or None where its levels are to be found.
        recordings: The recordings; where levels are to be found, all tracks are heard.
    """
    found: set[str] = set()
    for name, order in orders.items():
        known = stays[name]
        if known is None:
            found.update(main.key for main in recordings.mains)
            found.update(unit.key for unit in order.units)
        else:
            found.update(unit.key for unit in stale(order, known))
    return found | {recordings.main_of(recordings.pieces[key]).key for key in found}
