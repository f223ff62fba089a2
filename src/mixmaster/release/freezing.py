"""What a released album keeps: its levels, its corrections, and every file that is still right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mixmaster.errors import DocumentError, Problem
from mixmaster.mastering.options import NamedTarget
from mixmaster.release.album.document import Album, Track
from mixmaster.release.album.identifiers import normal_isrc
from mixmaster.release.keys import digest
from mixmaster.release.levels.album import AlbumLevels, TrackLoudness
from mixmaster.release.levels.cohering import coherence_from_json, made_from_json
from mixmaster.release.levels.corrections import Correction
from mixmaster.release.levels.frozen import kept, levels_from_json
from mixmaster.release.levels.strict import read_back
from mixmaster.release.proof.record import FileRecord, ReleaseRecord

_LEVEL_FIELDS = (
    "integrated_lufs",
    "short_term_lufs",
    "true_peak_dbtp",
    "gain_only",
    "louder",
    "max_short_term_lufs",
    "min_plr_lu",
    "dialogue",
)
"""What of a target an album's levels follow from, beside its ``[package]``."""


def track_ids(album: Album) -> tuple[str, ...]:
    """Return what tells the tracks apart from build to build: the ISRC, or title and version."""
    seen: dict[str, int] = {}
    found = []
    for track in album.track:
        name = _id(track)
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return tuple(found)


def _id(track: Track) -> str:
    if track.isrc:
        return normal_isrc(track.isrc)
    return " | ".join(part.casefold().strip() for part in (track.title, track.version) if part)


@dataclass(frozen=True, slots=True)
class TargetLevels:
    """A target's levels as a release keeps them.

    Attributes:
        levels: Of the tracks.
        versions: Of each version beside them, by recording: its loudness and its gain.
        album_gain_db: What ReplayGain says of the album; None where it says nothing.
        album_peak: Likewise, linear.
        asks: What they follow from, as a hash.
        said: What had to be said of a disc made of them.
    """

    levels: AlbumLevels
    versions: Mapping[str, tuple[float | None, float | None]]
    album_gain_db: float | None
    album_peak: float | None
    asks: str
    said: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said of the target: of its levels, of each track's, of its disc."""
        tracks = [f"{each.name}: {text}" for each in self.levels.tracks for text in each.said]
        return (*self.levels.notes, *tracks, *self.said)

    def to_json(self) -> dict[str, Any]:
        """Return it as the record keeps it."""
        return {
            "levels": self.levels.to_json(),
            "versions": {key: list(level) for key, level in self.versions.items()},
            "album_gain_db": self.album_gain_db,
            "album_peak": self.album_peak,
            "asks": self.asks,
            "said": list(self.said),
        }


def asks(album: Album, named: NamedTarget) -> str:
    """Return a hash of what an album's levels at a target follow from, the sound aside."""
    target = named.target
    document = target.model_dump(mode="json", include=set(_LEVEL_FIELDS))
    mode = target.package.loudness if album.loudness == "target" else album.loudness
    offsets = {
        name: track.level_offset_db
        for name, track in zip(track_ids(album), album.track, strict=True)
    }
    ways = [playback.album for playback in target.playback[:1]]
    return digest({"target": document, "mode": mode, "offsets": offsets, "ways": ways})


@dataclass(slots=True)
class Frozen:
    """What an earlier build of the album has settled.

    Attributes:
        targets: Each target's levels, by its name.
        corrections: What was done to single tracks so that they go together, by track id.
        coherence: How the tracks compared.
        files: The earlier files, by their keys.
    """

    targets: dict[str, TargetLevels] = field(default_factory=dict)
    corrections: dict[str, Correction] = field(default_factory=dict)
    coherence: dict[str, Any] = field(default_factory=dict)
    files: dict[str, FileRecord] = field(default_factory=dict)

    @classmethod
    def of(cls, record: ReleaseRecord | None, *, refreeze: bool, where: str) -> Frozen:
        """Return what an earlier record says; nothing of the levels where they are found anew.

        Raises:
            DocumentError: For levels that are none.
        """
        found = cls()
        if record is None:
            return found
        found.files = {each.key: each for each in record.files if each.key}
        if refreeze:
            return found
        for name, levels in record.levels.items():
            found.targets[name] = _levels(levels, f"{where}: {name}")
        if record.coherence:
            coherence_from_json(record.coherence.get("coherence"), where)
            for said in _listed(record.coherence.get("made")):
                made_from_json(said, where)
        found.coherence = dict(record.coherence)
        for made in _listed(record.coherence.get("corrections")):
            correction = read_back(Correction, made, where, "coherence.corrections")
            found.corrections[correction.key] = correction
        return found

    def require_same(
        self, album: Album, targets: Sequence[tuple[NamedTarget, set[str]]], *, correct: bool
    ) -> None:
        """Raise where a released album would not be what it was.

        Args:
            album: The document.
            targets: Where it goes, each with the ids of what is mastered for it.
            correct: Whether tracks that stand out are to be corrected.

        Raises:
            DocumentError: Naming the targets whose levels follow from something else now; and for
                corrections that were not made then.
        """
        if correct and self._proposed() and not self.coherence.get("made"):
            reason = "the tracks of a released album stay as they were: nothing is corrected now"
            hint = "--refreeze with --cohere makes it anew, corrected"
            raise DocumentError(album.where, (Problem("cohere", reason, hint),))
        changed = []
        for named, ids in targets:
            before = self.targets.get(named.name)
            if before is None:
                continue
            known = {each.key: each.offset_lu for each in before.levels.tracks}
            if ids != set(known):
                continue  # what is new joins with the album's gain
            if asks(album, named) != before.asks:
                changed.append(named.name)
        if changed:
            reason = (
                f"the levels of a released album are frozen, and what they follow from has changed "
                f"for {', '.join(changed)}: loudness, ceiling, offsets or the way of the target"
            )
            hint = "--refreeze finds them anew, and makes every file again that they change"
            raise DocumentError(album.where, (Problem("", reason, hint),))

    def _proposed(self) -> bool:
        found = self.coherence.get("coherence")
        tracks = found.get("tracks", []) if isinstance(found, dict) else []
        return any(each.get("proposal") for each in _listed(tracks))

    def levels(self, named: NamedTarget, tracks: Sequence[TrackLoudness]) -> AlbumLevels:
        """Return a target's levels with those of some tracks as they are now."""
        before = self.targets[named.name].levels
        now = {each.key: each for each in kept(before, tracks, named).tracks}
        rest = tuple(now.pop(each.key, each) for each in before.tracks)
        return replace(before, tracks=(*rest, *now.values()))


def _levels(said: Any, where: str) -> TargetLevels:
    if not isinstance(said, dict):
        raise DocumentError(where, (Problem("levels", "are no album's levels"),))
    versions = said.get("versions")
    return TargetLevels(
        levels=levels_from_json(said.get("levels"), where),
        versions={
            str(key): (_number(value[0]), _number(value[1]))
            for key, value in (versions.items() if isinstance(versions, dict) else ())
            if isinstance(value, list) and len(value) == 2
        },
        album_gain_db=_number(said.get("album_gain_db")),
        album_peak=_number(said.get("album_peak")),
        asks=str(said.get("asks", "")),
        said=tuple(map(str, found)) if isinstance(found := said.get("said"), list) else (),
    )


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None


def _listed(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
