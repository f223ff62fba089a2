"""The work of a build: what is still right stays, what is missing is made, and all is proven."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mixmaster.audio.source import probe
from mixmaster.audio.tags import Picture, ReplayGain, Tags
from mixmaster.mastering.options import Progress
from mixmaster.mastering.results import MasterResult
from mixmaster.release.album.document import Album
from mixmaster.release.discs import disc_settings, scratch_file, write_disc
from mixmaster.release.excerpts import snippet_settings
from mixmaster.release.freezing import Frozen, TargetLevels, asks, track_ids
from mixmaster.release.gains import Loudness, replay_gain
from mixmaster.release.holding import hold_together
from mixmaster.release.keys import digest, file_key, piece_key
from mixmaster.release.levels.album import AlbumLevels
from mixmaster.release.levels.corrections import corrected
from mixmaster.release.levels.signature import Signature, load_signature
from mixmaster.release.making import (
    Delivery,
    Level,
    deliver,
    levelled,
    limits_of,
    meant_tags,
    write_words,
)
from mixmaster.release.naming import folder_of
from mixmaster.release.pieces import Piece
from mixmaster.release.plan import Order, ReleasePlan, target_for
from mixmaster.release.proof.answers import Proof
from mixmaster.release.proof.proving import prove_files
from mixmaster.release.proof.record import FileRecord
from mixmaster.release.proof.recording import audio_record, proven, recorded
from mixmaster.release.publishing import ReleaseFolder
from mixmaster.release.studio import Ready, Studio
from mixmaster.release.together import Together

_MOST_LOWERINGS = 4


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that the release cannot have.

    Attributes:
        target: The target's name.
        track: What it is of, in words.
        reason: Why, with figures.
        figures: The figures.
    """

    target: str
    track: str
    reason: str
    figures: Mapping[str, float]


@dataclass(slots=True)
class Built:
    """What a build has come to.

    Attributes:
        records: Every file, in order.
        proofs: What was found of each.
        levels: Each target's levels, to be frozen.
        coherence: How the tracks compare, as the record keeps it.
        results: What mastering said of each file that was made, by its place.
        made: The places of files that were made in this build.
        notes: What had to be said, by target; those of the whole under an empty name.
        refused: What cannot be had; then nothing is published.
    """

    records: list[FileRecord] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    levels: dict[str, TargetLevels] = field(default_factory=dict)
    coherence: dict[str, object] = field(default_factory=dict)
    results: dict[str, MasterResult] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)

    def note(self, target: str, texts: Sequence[str]) -> None:
        """Add what had to be said of a target."""
        self.notes.setdefault(target, []).extend(texts)


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
        self._ids = track_ids(plan.album)
        self._pieces = {piece.key: self._corrected(piece) for piece in plan.pieces}
        self._keys: dict[str, str] = {}
        self._signature = _signature(plan.album)
        self.built = Built()

    def _corrected(self, piece: Piece) -> Piece:
        """Return a recording with what an earlier build has done to its chain."""
        correction = self._frozen.corrections.get(self._ids[piece.number - 1])
        if correction is None or piece.kind == "master":
            return piece
        return replace(piece, preset=corrected(piece.preset, correction))

    def run(self) -> Built:
        """Make what is missing and prove it; what is refused is in the answer.

        Raises:
            MixmasterError: For what cannot be read, used or written.
        """
        album, built = self._album, self.built
        self._keys = self._hashed()
        self._frozen.require_same(album, [order.named for order in self._plan.orders])
        known = {o.named.name: self._known(o) for o in self._plan.orders}
        needed = self._needed(known)
        with Studio(self._plan, self._scratch, self._together, self._progress) as studio:
            studio.prepare([piece for piece in self._pieces.values() if piece.key in needed])
            self._cohere(studio)
            for order in self._plan.orders:
                self._order(order, studio.ready, known[order.named.name])
            built.note("", studio.notes)
        if not built.refused:
            self._prove()
        return built

    def _hashed(self) -> dict[str, str]:
        self._progress("reading the sources", 0.0)
        found = {}
        for number, (key, piece) in enumerate(self._pieces.items()):
            found[key] = piece_key(piece)
            self._progress("reading the sources", number / len(self._pieces))
        return found

    # ------------------------------------------------------------ what is still right

    def _known(self, order: Order) -> dict[str, FileRecord] | None:
        """Return the files of a target that stay, by recording; None where levels are not known.

        Those of a disc are all there or none: they are under their own places then.
        """
        before = self._frozen.targets.get(order.named.name)
        if before is None:
            return None
        levels = {each.key: each for each in before.levels.tracks}
        wanted: dict[str, Level] = {}
        for key in (piece.key for piece in order.pieces):
            piece = self._pieces[key]
            level = levels.get(self._ids[piece.number - 1])
            if level is None or (piece.version and self._version_id(piece) not in before.versions):
                continue
            lufs = before.versions[self._version_id(piece)] if piece.version else level.wanted_lufs
            wanted[key] = Level(lufs, None if piece.version else level.gain_db)
        if order.target.medium != "file":
            return self._known_disc(order, wanted)
        found = {}
        for file, piece in zip(order.files, order.pieces, strict=True):
            if piece.key not in wanted:
                continue
            record = self._frozen.files.get(self._file_key(order, piece, wanted[piece.key]))
            if record is not None and self._folder.intact(record):
                found[piece.key] = record.model_copy(
                    update={"path": file.place, "notes": record.notes}
                )
                self._carry(record, file.place)
        return found

    def _carry(self, record: FileRecord, place: str) -> None:
        """Bring a file that stays to another place, where it is called otherwise now."""
        if place != record.path:
            shutil.copyfile(self._folder.path / record.path, self._folder.place(place))

    def _known_disc(self, order: Order, wanted: Mapping[str, Level]) -> dict[str, FileRecord]:
        if len(wanted) != len(order.pieces):
            return {}
        key = self._disc_key(order, wanted)
        records = [r for k, r in self._frozen.files.items() if k.startswith(f"{key}/")]
        whole = records and all(self._folder.intact(record) for record in records)
        return {record.path: record for record in records} if whole else {}

    def _needed(self, known: Mapping[str, dict[str, FileRecord] | None]) -> set[str]:
        """Return which recordings must be made ready, by key."""
        needed: set[str] = set()
        for order in self._plan.orders:
            stays = known[order.named.name]
            keys = [piece.key for piece in order.pieces]
            if stays is None:
                needed |= {key for key, piece in self._pieces.items() if not piece.version}
                needed.update(keys)
            elif order.target.medium != "file":
                needed.update(() if stays else keys)
            else:
                needed.update(key for key in keys if key not in stays)
        return needed | {str(self._pieces[key].number) for key in needed}

    def _version_id(self, piece: Piece) -> str:
        return f"{self._ids[piece.number - 1]} / {piece.version}"

    def _file_key(self, order: Order, piece: Piece, level: Level) -> str:
        file = order.files[[each.key for each in order.pieces].index(piece.key)]
        target = levelled(order.target, piece, level)
        picture = self._picture(order)
        return file_key(
            self._keys[piece.key],
            target,
            file.spec,
            level.wanted_lufs,
            tags=meant_tags(self._album, order, file, piece),
            picture_sha256=None if picture is None else picture.sha256,
            more={
                "place": order.named.name,
                "label": self._album.label,
                "snippet": snippet_settings(self._album, order, piece),
            },
        )

    def _disc_key(self, order: Order, levels: Mapping[str, Level]) -> str:
        base = target_for(order, order.pieces)
        parts = []
        for each in order.pieces:
            piece, level = self._pieces[each.key], levels[each.key]
            spec = base.file.spec(piece.sample_rate_hz, piece.channels)
            target = levelled(base, piece, level)
            parts.append(file_key(self._keys[each.key], target, spec, level.wanted_lufs))
        return digest([order.named.name, parts, disc_settings(self._album, order)])

    # ------------------------------------------------------------ levels

    def _cohere(self, studio: Studio) -> None:
        """Compare the tracks, and correct them where that is asked for."""
        wanted = self._plan.options.cohere or self._album.cohere.corrections
        mains = [key for key, piece in self._pieces.items() if not piece.version]
        if self._frozen.coherence or any(key not in studio.ready for key in mains):
            self.built.coherence = dict(self._frozen.coherence)
            return
        found = hold_together(
            self._album, self._ids, studio, correct=wanted, signature=self._signature
        )
        self.built.coherence = found.to_json()
        self.built.note("", found.notes)
        for correction in found.corrections:
            self._frozen.corrections[correction.key] = correction
        self._pieces = {key: self._corrected(piece) for key, piece in self._plan_pieces().items()}
        self._keys = {key: piece_key(piece) for key, piece in self._pieces.items()}

    def _plan_pieces(self) -> dict[str, Piece]:
        return {piece.key: piece for piece in self._plan.pieces}

    def _levels(self, order: Order, ready: Mapping[str, Ready]) -> AlbumLevels:
        loudness = Loudness(self._album, self._ids, self._frozen.corrections, order)
        mains = [each for each in ready.values() if not each.piece.version]
        if order.named.name in self._frozen.targets:
            return self._frozen.levels(order.named, loudness.of(mains))
        return loudness.levels(mains)

    def _level_of(self, levels: AlbumLevels, order: Order, each: Ready) -> Level:
        """Return the level of a recording; a version has its track's gain."""
        piece = each.piece
        level = levels.track(self._ids[piece.number - 1])
        if not piece.version:
            return Level(level.wanted_lufs, level.gain_db)
        before = self._frozen.targets.get(order.named.name)
        if before is not None and self._version_id(piece) in before.versions:
            return Level(before.versions[self._version_id(piece)], None)
        lufs = each.heard.figures.programme.integrated_lufs
        gain_db = min(level.gain_db, 0.0) if piece.approved else level.gain_db
        if lufs is None or level.wanted_lufs is None:
            return Level(None, gain_db)
        return Level(round(lufs + gain_db, 4), gain_db)

    # ------------------------------------------------------------ making

    def _order(
        self, order: Order, ready: Mapping[str, Ready], known: dict[str, FileRecord] | None
    ) -> None:
        """Make what a target lacks, and note all of its files."""
        stays = known or {}
        is_disc = order.target.medium != "file"
        keys = [piece.key for piece in order.pieces]
        stale = [ready[key] for key in keys if key in ready and (is_disc or key not in stays)]
        if is_disc and stays:
            stale = []
        before = self._frozen.targets.get(order.named.name)
        if not stale:
            assert before is not None
            self.built.levels[order.named.name] = before
            self.built.records += (
                [stays[place] for place in sorted(stays)]
                if is_disc
                else [stays[key] for key in keys]
            )
            self._art_beside(order)
            return
        levels, made = self._delivered(order, ready, stale)
        if made is None:
            return
        wanted = {each.piece.key: self._level_of(levels, order, each) for each in stale}
        versions = dict(before.versions) if before is not None else {}
        for each in stale:
            if each.piece.version:
                versions[self._version_id(each.piece)] = wanted[each.piece.key].wanted_lufs
        gains = replay_gain(order, made, before)
        if is_disc:
            key = self._disc_key(order, wanted)
            written = write_disc(self._album, order, made, self._folder.new, key=key)
            self.built.note(order.named.name, written.notes)
            self.built.records += written.records
            self.built.made += [record.path for record in written.records]
        else:
            self._files(order, stays, {each.piece.key: each for each in made}, wanted, gains.tracks)
        self._art_beside(order)
        self.built.note(order.named.name, [*levels.notes, *_said(levels)])
        self.built.levels[order.named.name] = TargetLevels(
            levels, versions, gains.album_gain_db, gains.album_peak, asks(self._album, order.named)
        )

    def _delivered(
        self, order: Order, ready: Mapping[str, Ready], stale: Sequence[Ready]
    ) -> tuple[AlbumLevels, list[Delivery] | None]:
        """Write a target's files, the album lowered where a track cannot follow."""
        levels = self._levels(order, ready)
        frozen = order.named.name in self._frozen.targets
        loudness = Loudness(self._album, self._ids, self._frozen.corrections, order)
        files = {each.piece.key: self._file(order, each.piece) for each in stale}
        snippets = {
            each.piece.key: snippet_settings(self._album, order, each.piece) for each in stale
        }
        todo = list(stale)
        made: dict[str, Delivery] = {}
        for _ in range(_MOST_LOWERINGS):
            wanted = {each.piece.key: self._level_of(levels, order, each) for each in todo}
            made |= {
                each.piece.key: each
                for each in deliver(order, todo, wanted, files, self._together, snippets=snippets)
            }
            refused = [each for each in made.values() if each.result.refused]
            if not refused:
                return levels, [made[each.piece.key] for each in stale]
            lowered = loudness.lowered(levels, refused, frozen=frozen)
            if lowered is None:
                break
            keep = levels.keeps_relations and not frozen
            todo = list(stale) if keep else [ready[each.piece.key] for each in refused]
            levels = lowered
        self.built.refused += [
            Refusal(
                order.named.name,
                self._said(each.piece),
                each.result.refused,
                each.result.figures or {},
            )
            for each in made.values()
            if each.result.refused
        ]
        return levels, None

    def _said(self, piece: Piece) -> str:
        title = self._album.track[piece.number - 1].title
        return f"track {piece.number}, {title}" + (f" ({piece.words})" if piece.version else "")

    def _file(self, order: Order, piece: Piece) -> Path:
        """Return where a recording is written: in its place, but for discs."""
        if order.target.medium != "file":
            return scratch_file(self._scratch, order, piece)
        return self._folder.place(self._place(order, piece))

    def _place(self, order: Order, piece: Piece) -> str:
        return order.files[[each.key for each in order.pieces].index(piece.key)].place

    def _files(
        self,
        order: Order,
        stays: Mapping[str, FileRecord],
        made: Mapping[str, Delivery],
        levels: Mapping[str, Level],
        gains: Mapping[str, ReplayGain],
    ) -> None:
        """Tag what was made, and note a target's files in order."""
        picture = self._picture(order)
        for file, piece in zip(order.files, order.pieces, strict=True):
            if piece.key in stays:
                self.built.records.append(stays[piece.key])
                continue
            delivery = made[piece.key]
            tags = meant_tags(self._album, order, file, piece)
            if tags != Tags() and piece.key in gains:
                tags = replace(tags, replay_gain=gains[piece.key])
            own = picture if tags != Tags() else None
            tags, broadcast = write_words(delivery, self._album, tags, own)
            self.built.results[file.place] = delivery.result
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
                    key=self._file_key(order, self._pieces[piece.key], levels[piece.key]),
                    made_from=delivery.made_from,
                )
            )

    def _picture(self, order: Order) -> Picture | None:
        art, rule = self._plan.checked.art, order.target.package.art
        if art is None or rule is None or not rule.embed:
            return None
        data, mime, width, height = art.embedded(rule)
        return Picture(data, mime, width, height)  # type: ignore[arg-type]  # one of two words

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

    # ------------------------------------------------------------ proof

    def _prove(self) -> None:
        """Prove every file that was made; what fails is refused."""
        built = self.built
        fresh = set(built.made)
        new = [record for record in built.records if record.path in fresh]
        found = prove_files(
            self._folder.new,
            new,
            threads=self._plan.options.threads,
            progress=lambda done: self._progress("proving the files", done),
        )
        proofs = {proof.path: proof for proof in found}
        for number, record in enumerate(built.records):
            proof = proofs.get(record.path)
            if proof is None:
                built.proofs.append(_stays(record))
                continue
            if proof.faults:
                built.refused.append(Refusal(record.target, record.path, proof.words, {}))
            # What decoding had to say goes with the record: a rebuild says the same.
            kept = proven(record, proof)
            notes = tuple(dict.fromkeys((*kept.notes, *proof.remarks)))
            built.records[number] = kept.model_copy(update={"notes": notes})
            built.proofs.append(replace(proof, remarks=()))


def _signature(album: Album) -> Signature | None:
    """Return the signature of an earlier album that a release is to match; None without one."""
    name = album.cohere.signature
    return None if name is None else load_signature(album.at(name))


def _stays(record: FileRecord) -> Proof:
    """Return the proof of a file that was released before and has the same hash now."""
    return Proof(
        path=record.path,
        kind=record.kind,
        target=record.target,
        track=record.track,
        version=record.version,
        sha256=record.sha256,
        bytes=record.bytes,
        figures=record.figures,
        samples_sha256=None if record.audio is None else record.audio.samples_sha256,
    )


def _told(result: MasterResult) -> list[str]:
    """Return what has to be said of a finished file."""
    return [*result.warnings, *filter(None, (result.lowered,))]


def _said(levels: AlbumLevels) -> list[str]:
    return [f"{each.name}: {text}" for each in levels.tracks for text in each.said]
