"""The work of a build: what is still right stays, what is missing is made, and all is proven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mixmaster.audio.source import probe
from mixmaster.audio.tags import ReplayGain, Tags
from mixmaster.mastering.options import Progress
from mixmaster.mastering.results import MasterResult
from mixmaster.release.album.document import Album
from mixmaster.release.built import Built, Refusal
from mixmaster.release.delivery import Delivery, Level
from mixmaster.release.discs.writing import scratch_file, write_disc
from mixmaster.release.excerpts import snippet_settings
from mixmaster.release.freezing import Frozen, TargetLevels, asks
from mixmaster.release.gains import Loudness, replay_gain
from mixmaster.release.holding import hold_together, said_of
from mixmaster.release.keys import digest
from mixmaster.release.levels.album import AlbumLevels
from mixmaster.release.levels.signature import Signature, load_signature
from mixmaster.release.making import deliver, limits_of, meant_tags, write_words
from mixmaster.release.naming import folder_of
from mixmaster.release.pieces import Piece
from mixmaster.release.plan import Order, ReleasePlan
from mixmaster.release.proof.recording import audio_record, recorded
from mixmaster.release.publishing.folder import ReleaseFolder
from mixmaster.release.recordings import Recordings, file_of
from mixmaster.release.staying import Stays, needed, stale, staying
from mixmaster.release.studio import Ready, Studio
from mixmaster.release.together import Together

_MOST_LOWERINGS = 4


class Build:
    """One build of a release.

    Args:
        plan: What is built.
        folder: What becomes the release, entered.
        frozen: What an earlier build has settled.
        scratch: For temporary files.
        progress: Told what is being done.
    """

    def __init__(
        self,
        plan: ReleasePlan,
        folder: ReleaseFolder,
        frozen: Frozen,
        scratch: Path,
        progress: Progress,
    ) -> None:
        self._plan = plan
        self._album = plan.album
        self._folder = folder
        self._frozen = frozen
        self._scratch = scratch
        self._progress = progress
        self._together = Together(plan.options.threads, progress)
        self._recordings = Recordings(plan, frozen)
        self._signature = _signature(plan.album)
        self.built = Built()

    @property
    def _corrects(self) -> bool:
        return self._plan.options.cohere or self._album.cohere.corrections

    def run(self) -> Built:
        """Make what is missing and prove it; what is refused is in the answer.

        Raises:
            MixmasterError: For what cannot be read, used or written.
        """
        built, recordings = self.built, self._recordings
        recordings.read(self._progress)
        orders = {order.named.name: order for order in self._plan.orders}
        named = [
            (order.named, {recordings.id_of(unit) for unit in order.units if not unit.version})
            for order in self._plan.orders
        ]
        self._frozen.require_same(self._album, named, correct=self._corrects)
        stays = {
            name: staying(order, recordings, self._frozen, self._folder)
            for name, order in orders.items()
        }
        wanted = needed(orders, stays, recordings)
        with Studio(self._plan, self._scratch, self._together, self._progress) as studio:
            studio.prepare(
                [p for p in recordings.pieces.values() if p.key in wanted],
                voices=not self._frozen.coherence,
            )
            self._cohere(studio)
            for name, order in orders.items():
                self._order(order, studio.ready, stays[name])
            built.note("", [*studio.notes, *said_of(built.coherence)])
        if not built.refused:
            built.prove(
                self._folder,
                self._plan.options.threads,
                lambda done: self._progress("proving the files", done),
            )
        return built

    # ------------------------------------------------------------ levels

    def _cohere(self, studio: Studio) -> None:
        """Compare the tracks, and correct them where that is asked for."""
        recordings = self._recordings
        mains = {recordings.id_of(main): main.key for main in recordings.mains}
        if self._frozen.coherence or any(key not in studio.ready for key in mains.values()):
            self.built.coherence = dict(self._frozen.coherence)
            return
        found = hold_together(
            self._album,
            mains,
            studio,
            correct=self._corrects,
            signature=self._signature,
        )
        self.built.coherence = found.to_json()
        for correction in found.corrections:
            self._frozen.corrections[correction.key] = correction
        recordings.read(self._progress)

    def _levels(self, order: Order, ready: Mapping[str, Ready]) -> AlbumLevels:
        loudness = Loudness(self._album, self._recordings, order)
        units = [unit.key for unit in order.units if not unit.version]
        mains = [ready[key] for key in units if key in ready]
        if order.named.name in self._frozen.targets:
            return self._frozen.levels(order.named, loudness.of(mains))
        return loudness.levels(mains)

    def _level_of(self, levels: AlbumLevels, order: Order, each: Ready) -> Level:
        """Return the level of a recording; a version has its track's gain."""
        piece = each.piece
        level = levels.track(self._recordings.id_of(order.main_of(piece)))
        if not piece.version:
            return Level(level.wanted_lufs, level.gain_db)
        before = self._frozen.targets.get(order.named.name)
        if before is not None and self._recordings.version_id(piece) in before.versions:
            return Level(*before.versions[self._recordings.version_id(piece)])
        lufs = each.heard.figures.programme.integrated_lufs
        gain_db = min(level.gain_db, 0.0) if piece.approved else level.gain_db
        if lufs is None or level.wanted_lufs is None:
            return Level(None, gain_db)
        return Level(round(lufs + gain_db, 4), gain_db)

    # ------------------------------------------------------------ making

    def _order(self, order: Order, ready: Mapping[str, Ready], known: Stays | None) -> None:
        """Make what a target lacks, and note all of its files."""
        stays = known or {}
        is_disc = order.target.medium != "file"
        missing = [ready[unit.key] for unit in stale(order, stays)]
        before = self._frozen.targets.get(order.named.name)
        if not missing:
            assert before is not None
            self._settle(order, before)
            self.built.records += (
                [stays[place] for place in sorted(stays)]
                if is_disc
                else [stays[piece.key] for piece in order.pieces]
            )
            self._art_beside(order)
            return
        levels, made = self._delivered(order, ready, missing)
        if made is None:
            return
        wanted = {each.piece.key: self._level_of(levels, order, each) for each in missing}
        versions = dict(before.versions) if before is not None else {}
        for each in missing:
            if each.piece.version:
                level = wanted[each.piece.key]
                own = self._recordings.version_id(each.piece)
                versions[own] = level.wanted_lufs, level.gain_db
        gains = replay_gain(order, made, before)
        said: tuple[str, ...] = ()
        if is_disc:
            key = self._recordings.disc_key(order, wanted)
            written = write_disc(self._album, order, made, self._folder.new, key=key)
            said = written.notes
            self.built.records += written.records
            self.built.made += [record.path for record in written.records]
        else:
            self._files(order, stays, {each.piece.key: each for each in made}, wanted, gains.tracks)
        self._art_beside(order)
        asked = asks(self._album, order.named)
        peak = gains.album_peak
        settled = TargetLevels(levels, versions, gains.album_gain_db, peak, asked, said)
        self._settle(order, settled)

    def _settle(self, order: Order, levels: TargetLevels) -> None:
        self.built.levels[order.named.name] = levels
        self.built.note(order.named.name, levels.notes)

    def _delivered(
        self, order: Order, ready: Mapping[str, Ready], missing: Sequence[Ready]
    ) -> tuple[AlbumLevels, list[Delivery] | None]:
        """Write a target's files, the album lowered where a track cannot follow."""
        levels = self._levels(order, ready)
        frozen = order.named.name in self._frozen.targets
        loudness = Loudness(self._album, self._recordings, order)
        if unmet := loudness.unmet(levels):
            self._refuse_levels(order, levels, unmet)
            return levels, None
        parts = [part for each in missing for part in each.piece.each]
        files = {part.key: self._file(order, part) for part in parts}
        snippets = {part.key: snippet_settings(self._album, order, part) for part in parts}
        todo = list(missing)
        made: dict[str, Delivery] = {}
        for _ in range(_MOST_LOWERINGS):
            wanted = {each.piece.key: self._level_of(levels, order, each) for each in todo}
            for each in todo:
                made.pop(each.piece.key, None)
            made |= {
                each.piece.key: each
                for each in deliver(order, todo, wanted, files, self._together, snippets=snippets)
            }
            refused = [each for each in made.values() if each.result.refused]
            if not refused:
                return levels, [made[part.key] for part in parts]
            lowered = loudness.lowered(levels, refused, frozen=frozen)
            if lowered is None:
                break
            keep = levels.keeps_relations and not frozen
            todo = list(missing) if keep else [ready[each.piece.key] for each in refused]
            levels = lowered
        self.built.refused += [
            Refusal(
                order.named.name,
                self._recordings.words(each.piece),
                each.result.refused,
                each.result.figures or {},
            )
            for each in made.values()
            if each.result.refused
        ]
        return levels, None

    def _refuse_levels(self, order: Order, levels: AlbumLevels, unmet: Mapping[str, str]) -> None:
        for key, why in unmet.items():
            level = levels.track(key)
            figures = {"wanted_lufs": levels.asked_lufs, "reachable_lufs": level.wanted_lufs}
            known = {name: value for name, value in figures.items() if value is not None}
            self.built.refused.append(Refusal(order.named.name, level.name, why, known))

    def _file(self, order: Order, piece: Piece) -> Path:
        """Return where a recording is written: in its place, but for discs."""
        if order.target.medium != "file":
            return scratch_file(self._scratch, order, piece)
        return self._folder.place(file_of(order, piece).place)

    def _files(
        self,
        order: Order,
        stays: Stays,
        made: Mapping[str, Delivery],
        levels: Mapping[str, Level],
        gains: Mapping[str, ReplayGain],
    ) -> None:
        """Tag what was made, and note a target's files in order."""
        picture = self._recordings.picture(order)
        for file, piece in zip(order.files, order.pieces, strict=True):
            delivery = made.get(piece.key)
            if delivery is None:
                self.built.records.append(stays[piece.key])
                continue
            tags = meant_tags(self._album, order, file, piece)
            if tags != Tags() and piece.key in gains:
                tags = replace(tags, replay_gain=gains[piece.key])
            own = picture if tags != Tags() else None
            tags, broadcast = write_words(delivery, self._album, tags, own)
            self.built.made.append(file.place)
            self.built.records.append(
                recorded(
                    self._folder.new,
                    file.place,
                    file.kind,
                    target=order.named.name,
                    track=piece.number,
                    version=piece.words if piece.version else "",
                    audio=audio_record(file.spec, probe(delivery.file).frames),
                    limits=limits_of(delivery, draft=self._plan.options.draft),
                    tags=tags,
                    picture_sha256=None if own is None else own.sha256,
                    broadcast=broadcast,
                    notes=_told(delivery.result),
                    key=self._recordings.file_key(order, piece, levels[order.unit_of(piece).key]),
                    made_from=delivery.made_from,
                )
            )

    def _art_beside(self, order: Order) -> None:
        """Deliver the cover beside a target's files, where it takes one."""
        art, rule = self._plan.checked.art, order.target.package.art
        if art is None or rule is None or not rule.beside:
            return
        place = f"{folder_of(order.named)}/cover{art.suffix}"
        key = digest(["art", order.named.name, art.sha256])
        record = self._frozen.files.get(key)
        if record is None or record.path != place or not self._folder.intact(record):
            self._folder.place(place).write_bytes(art.data)
            record = recorded(self._folder.new, place, "art", target=order.named.name, key=key)
            self.built.made.append(place)
        self.built.records.append(record)


def _signature(album: Album) -> Signature | None:
    """Return the signature of an earlier album that a release is to match; None without one."""
    name = album.cohere.signature
    return None if name is None else load_signature(album.at(name))


def _told(result: MasterResult) -> list[str]:
    """Return what has to be said of a finished file."""
    return [*result.warnings, *filter(None, (result.lowered,))]
