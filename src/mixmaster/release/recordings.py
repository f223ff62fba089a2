"""The recordings of a build: their chains as they are, and what identifies their files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mixmaster.audio.tags import Picture
from mixmaster.mastering.options import Progress
from mixmaster.release.delivery import Level
from mixmaster.release.discs.writing import disc_settings
from mixmaster.release.excerpts import snippet_settings
from mixmaster.release.freezing import Frozen, track_ids
from mixmaster.release.keys import digest, file_key, piece_key
from mixmaster.release.levels.corrections import Correction, corrected
from mixmaster.release.making import levelled, meant_tags
from mixmaster.release.naming import listed, names_of
from mixmaster.release.pieces import Piece
from mixmaster.release.plan import Order, PlannedFile, ReleasePlan, target_for


class Recordings:
    """The recordings of one build, with what was done so that they go together.

    Args:
        plan: What is built.
        frozen: What an earlier build has settled; corrections that are made go there.

    Attributes:
        ids: What tells the tracks apart from build to build.
        mains: The tracks as they are compared: programmes as one.
        pieces: The recordings by key, tracks and versions, alone and joined.
    """

    def __init__(self, plan: ReleasePlan, frozen: Frozen) -> None:
        self._plan = plan
        self._album = plan.album
        self._frozen = frozen
        self._keys: dict[str, str] = {}
        self.mains = plan.mains
        self.ids = track_ids(plan.album)
        self.pieces: dict[str, Piece] = {}

    def read(self, progress: Progress) -> None:
        """Lay corrections over the chains, and read what is not known of the sources.

        Raises:
            AudioFileError: For a source that cannot be read.
        """
        progress("reading the sources", 0.0)
        units = self._plan.units
        for number, piece in enumerate(units, start=1):
            self.pieces[piece.key] = own = self._corrected(piece)
            self._keys[piece.key] = piece_key(own)
            progress("reading the sources", number / len(units))

    def _corrected(self, piece: Piece) -> Piece:
        correction = self.correction_of(piece)
        if correction is None or piece.kind == "master":
            return piece
        return replace(piece, preset=corrected(piece.preset, correction))

    def correction_of(self, piece: Piece) -> Correction | None:
        """Return what was done to a recording: what was done to the programme that it is in."""
        return self._frozen.corrections.get(self.id_of(self.main_of(piece)))

    def main_of(self, piece: Piece) -> Piece:
        """Return what a recording is compared as: its track, or the programme that it is in."""
        return next(each for each in self.mains if piece.number in each.numbers)

    def id_of(self, piece: Piece) -> str:
        """Return what tells a recording's track, or tracks, from the others."""
        return " + ".join(self.ids[number - 1] for number in piece.numbers)

    def version_id(self, piece: Piece) -> str:
        """Return what tells a version from all others."""
        return f"{self.id_of(piece)} / {piece.version}"

    def words(self, piece: Piece) -> str:
        """Return what a recording is called in errors."""
        what = f"track {listed(map(str, piece.numbers))}, {names_of(self._album, piece)}"
        return what + (f" ({piece.words})" if piece.version else "")

    def file_key(self, order: Order, piece: Piece, level: Level) -> str:
        """Return what identifies a recording's file for a target.

        Args:
            order: The target.
            piece: The recording: of a programme, one of its parts.
            level: Of what it is mastered in.
        """
        file, unit = file_of(order, piece), self.pieces[order.unit_of(piece).key]
        target = levelled(order.target, unit, level)
        cut = {"part": unit.numbers.index(piece.number)} if unit.parts else {}
        picture = self.picture(order)
        return file_key(
            self._keys[unit.key],
            target,
            file.spec,
            level.wanted_lufs,
            tags=meant_tags(self._album, order, file, piece),
            picture_sha256=None if picture is None else picture.sha256,
            more={
                "place": order.named.name,
                "label": self._album.label,
                "snippet": snippet_settings(self._album, order, piece),
                **cut,
            },
        )

    def disc_key(self, order: Order, levels: Mapping[str, Level]) -> str:
        """Return what identifies a target's disc or sides."""
        base = target_for(order, order.pieces)
        parts = []
        for each in order.units:
            piece, level = self.pieces[each.key], levels[each.key]
            spec = base.file.spec(piece.sample_rate_hz, piece.channels)
            target = levelled(base, piece, level)
            parts.append(file_key(self._keys[each.key], target, spec, level.wanted_lufs))
        return digest([order.named.name, parts, disc_settings(self._album, order)])

    def picture(self, order: Order) -> Picture | None:
        """Return the cover as a target's files carry it; None where they carry none."""
        art, rule = self._plan.checked.art, order.target.package.art
        if art is None or rule is None or not rule.embed:
            return None
        data, mime, width, height = art.embedded(rule)
        return Picture(data, mime, width, height)  # type: ignore[arg-type]  # one of two words


def file_of(order: Order, piece: Piece) -> PlannedFile:
    """Return a recording's file for a target."""
    return order.files[[each.key for each in order.pieces].index(piece.key)]
