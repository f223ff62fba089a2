"""What a release is made of: each track and each version beside it, looked up before any work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from mixmaster.audio.names import shown
from mixmaster.audio.source import probe
from mixmaster.documents.finding import find_preset
from mixmaster.documents.layering import overrides_in, texts_in
from mixmaster.documents.loading import load, read_table, validate
from mixmaster.documents.origin import Origin
from mixmaster.errors import AudioFileError, DocumentError, MixmasterError, Problem
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.session import load_session_preset
from mixmaster.mixing.prints.versions import check_names
from mixmaster.mixing.sessions.plan import Song, open_song
from mixmaster.release.album.document import Album, Alternate, Track
from mixmaster.release.album.identifiers import normal_isrc

T = TypeVar("T")

UNTOUCHED = MasteringPreset.model_validate(
    {"format": 1, "kind": "mastering", "name": "Approved master"}
)
"""The chain of an approved master: none."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One recording: a track, or a version beside it; or several that are mastered as one.

    Attributes:
        number: The track's number, from 1.
        version: Its short name: empty for the track itself, else ``instrumental`` ...
        words: Its version as tags say it: ``Live``, ``Instrumental``.
        kind: What it is made from.
        path: The mix, the approved master, or the session's file.
        isrc: Its ISRC without hyphens; empty without one.
        explicit: Whether its words are.
        preset: How it is mastered; of an approved master no chain at all, or with ``relimit`` a
            lone limiter.
        relimit: Whether an approved master may be limited again.
        sample_rate_hz: Of what it is made from.
        channels: Likewise.
        frames: Its length at that rate; of a session the longest stem's.
        song: The session, opened.
        dialogue: The dialogue's own stem, for targets that are measured on it.
        parts: The recordings that are joined in it as one programme, in order; see `joining`.
    """

    number: int
    version: str
    words: str
    kind: Literal["mix", "session", "master"]
    path: Path
    isrc: str
    explicit: bool | None
    preset: MasteringPreset
    relimit: bool
    sample_rate_hz: int
    channels: int
    frames: int
    song: Song | None = None
    dialogue: Path | None = None
    parts: tuple[Piece, ...] = ()

    @property
    def each(self) -> tuple[Piece, ...]:
        """The recordings in it: it alone, where nothing is joined."""
        return self.parts or (self,)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the tracks in it."""
        return tuple(part.number for part in self.each)

    @property
    def approved(self) -> bool:
        """Whether it is an approved master that nothing may limit."""
        return self.kind == "master" and not self.relimit

    @property
    def key(self) -> str:
        """What tells it from the others: ``3``, ``3-instrumental``, ``3+4``."""
        if self.parts:
            return "+".join(part.key for part in self.parts)
        return f"{self.number}-{self.version}" if self.version else str(self.number)

    @property
    def duration_s(self) -> float:
        """Its length, s; of a session without its tail."""
        return self.frames / self.sample_rate_hz


def pieces_of(album: Album, numbers: Iterable[int] | None = None) -> tuple[Piece, ...]:
    """Return all recordings of a release, each track followed by its versions.

    Args:
        album: The document.
        numbers: The tracks to look at; all of them if None.

    Raises:
        DocumentError: With everything that cannot be used: files that are no audio, sessions,
            presets, versions that a session does not have.
    """
    problems: list[Problem] = []
    found: list[Piece] = []
    for number in range(1, len(album.track) + 1) if numbers is None else numbers:
        try:
            found += _of_track(album, number, album.track[number - 1])
        except DocumentError as error:
            problems += error.problems
    if problems:
        raise DocumentError(album.where, tuple(problems))
    return tuple(found)


def _of_track(album: Album, number: int, track: Track) -> Iterator[Piece]:
    key = f"track.{number}"
    song = None
    if track.session is not None:
        path = album.at(track.session)
        song = _told(album, f"{key}.session", lambda: open_song(path))
    preset = UNTOUCHED
    if track.master is None:
        preset = _preset(album, track, key, song)
    elif track.relimit:
        preset = _limiter_alone()
    dialogue = None if track.dialogue is None else album.at(track.dialogue)

    def piece(said: Alternate | Track, name: str, at: str) -> Piece:
        mix, master = said.mix, said.master
        is_track = isinstance(said, Track)
        if mix is None and master is None:
            assert song is not None
            rate, channels, frames = _told(album, at, lambda: _extent(song))
            source, kind = album.at(track.session or ""), "session"
        else:
            source, kind = album.at(mix or master or ""), "mix" if mix else "master"
            info = _told(album, f"{at}.{kind}", lambda: _probed(source))
            rate, channels, frames = info
        return Piece(
            number=number,
            version=name,
            words=said.version or ("" if is_track else _titled(name)),
            kind=kind,  # type: ignore[arg-type]  # one of the three words above
            path=source,
            isrc=normal_isrc(said.isrc) if said.isrc else "",
            explicit=track.explicit if said.explicit is None else said.explicit,
            preset=UNTOUCHED if kind == "master" and not track.relimit else preset,
            relimit=track.relimit,
            sample_rate_hz=rate,
            channels=channels,
            frames=frames,
            song=song if kind == "session" else None,
            dialogue=dialogue if is_track else None,
        )

    yield piece(track, "", key)
    if song is not None:
        names = [*track.versions, *(a.name for a in track.alternate if not (a.mix or a.master))]
        _told(album, f"{key}.versions", lambda: check_names(names, song.preset))
    for name in track.versions:
        yield piece(Alternate(name=name), name, key)
    for place, alternate in enumerate(track.alternate, start=1):
        yield piece(alternate, alternate.name, f"{key}.alternate.{place}")


def _titled(name: str) -> str:
    words = name.replace("_", " ").strip()
    return "TV" if words.lower() == "tv" else words.title()


def _probed(path: Path) -> tuple[int, int, int]:
    info = probe(path)
    if info.channels > 2:
        reason = f"it has {info.channels} channels"
        raise AudioFileError(shown(path), reason, "a release takes mono or stereo")
    if info.frames == 0:
        raise AudioFileError(shown(path), "it has no audio", "")
    return info.sample_rate_hz, info.channels, info.frames


def _extent(song: Song) -> tuple[int, int, int]:
    """Return rate, channels and length of a session's mix, its tail aside."""
    infos = [probe(path) for path in song.stems.paths]
    rate = song.session.sample_rate_hz or max(info.sample_rate_hz for info in infos)
    longest = max(info.frames / info.sample_rate_hz for info in infos)
    return rate, 2, round(longest * rate)


def _preset(album: Album, track: Track, key: str, song: Song | None) -> MasteringPreset:
    name, where = track.preset, f"{key}.preset"
    layers = [track.set]
    if name is None:
        name, where = album.master.preset, "master.preset"
        layers = [album.master.set, track.set]
    if name is None and song is not None and song.session.master.preset is not None:
        if any(layers):
            reason = "the session's own mastering preset is used: its values stand in the session"
            hint = 'or name a preset here: [master] preset = "transparent"'
            raise _wrong(album, f"{key}.set" if track.set else "master.set", reason, hint)
        return _told(album, f"{key}.session", lambda: load_session_preset(song.session))
    if name is None:
        hint = '[master] preset = "transparent"; mixmaster presets list mastering'
        raise _wrong(album, where, "no mastering preset is named", hint)
    file = str(album.at(name)) if name.lower().endswith(".toml") else name
    path = _told(album, where, lambda: find_preset("mastering", file))
    _told(album, where, lambda: load(MasteringPreset, path))
    own = [each for layer in layers for each in overrides_in(layer)]
    laid = _told(
        album,
        f"{key}.set" if track.set else "master.set",
        lambda: validate(MasteringPreset, read_table(path), where=album.where, overrides=own),
    )
    return laid.place(Origin(path.parent, over=album.origin, over_said=texts_in(layers)))


def _limiter_alone() -> MasteringPreset:
    table = UNTOUCHED.model_dump(exclude_none=True)
    table |= {"name": "Limiter alone", "insert": [{"effect": "limiter"}]}
    return MasteringPreset.model_validate(table)


def _told(album: Album, key: str, work: Callable[[], T]) -> T:
    """Do something whose problems are those of a key of the document."""
    try:
        return work()
    except DocumentError as error:
        found = tuple(
            Problem(f"{key}: {p.key}".rstrip(": "), p.reason, p.hint) for p in error.problems
        )
        raise DocumentError(album.where, found) from error
    except MixmasterError as error:
        where = f"'{error.where}': " if error.where else ""
        raise _wrong(album, key, f"{where}{error.reason}", error.hint) from error


def _wrong(album: Album, key: str, reason: str, hint: str = "") -> DocumentError:
    return DocumentError(album.where, (Problem(key, reason, hint),))
