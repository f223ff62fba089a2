"""Building a release: from its document to a folder with everything in it, and proof."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mixmaster.audio.names import shown
from mixmaster.engine.manifest import versions
from mixmaster.engine.outputs import refuse_inputs, require_space
from mixmaster.engine.threads import keep_freed_memory, one_blas_thread
from mixmaster.errors import OutputError
from mixmaster.mastering.options import Progress
from mixmaster.release.album.document import Album
from mixmaster.release.album.identifiers import normal_gtin, normal_isrc
from mixmaster.release.building import Build
from mixmaster.release.built import Built, Refusal
from mixmaster.release.cd.disc import USUAL_GAP_S
from mixmaster.release.freezing import Frozen
from mixmaster.release.holding import page_table, said_of
from mixmaster.release.naming import line, listed
from mixmaster.release.plan import Order, ReleasePlan, target_for
from mixmaster.release.proof.answers import Proof
from mixmaster.release.proof.finishing import add_pages
from mixmaster.release.proof.record import (
    RECORD_NAME,
    AlbumRecord,
    ReleaseRecord,
    TargetRecord,
    TrackRecord,
)
from mixmaster.release.publishing.folder import ReleaseFolder
from mixmaster.results import Result, jsonable


@dataclass(frozen=True, slots=True)
class ReleaseRun(Result):
    """What a build came to.

    Attributes:
        folder: The release.
        album: Its title.
        artist: Whose it is.
        proofs: Every file, with what was found of it.
        made: The places of files that were made; all others stayed as they were.
        refused: What cannot be had; then nothing was published, and the folder is as it was.
        notes: What had to be said, by target; those of the whole under an empty name.
        lacks: What places do not take it without, where it is a draft.
    """

    folder: Path
    album: str
    artist: str
    proofs: tuple[Proof, ...]
    made: tuple[str, ...]
    refused: tuple[Refusal, ...]
    notes: dict[str, tuple[str, ...]]
    lacks: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 for a release, 1 where something was refused."""
        return 1 if self.refused else 0

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-ready data."""
        return {
            "folder": str(self.folder),
            "album": self.album,
            "artist": self.artist,
            "published": not self.refused,
            "made": list(self.made),
            "files": [proof.to_json() for proof in self.proofs],
            "refused": jsonable(self.refused),
            "notes": jsonable(self.notes),
            "lacks": list(self.lacks),
        }


def build(plan: ReleasePlan, output: Path, progress: Progress | None = None) -> ReleaseRun:
    """Build a release into a folder, or leave the folder as it was.

    Each track is mixed once and runs through its chain once for all targets. Files of an earlier
    build that would be the same are not made again; the levels of an album that is there are kept.
    Everything is made and proven beside the folder's own files, and changes places with them at
    the end, all at once.

    Args:
        plan: What is built.
        output: The folder.
        progress: Told what is being done.

    Raises:
        AudioFileError: For a source that cannot be used.
        DocumentError: For presets that make no sense for a mix; for a released album whose frozen
            levels would change.
        OutputError: For a folder that may not or cannot be built into.
        SignalError: For NaN or infinity in a source, or made by an insert.
        UsageError: For a disc that cannot be, and tags that a format cannot hold.
    """
    keep_freed_memory()
    tell = progress or _quiet
    files = [each.place for order in plan.orders for each in order.files]
    _refuse_sources(plan, output)
    with (
        one_blas_thread(),
        tempfile.TemporaryDirectory(prefix="mixmaster-") as scratch,
        ReleaseFolder(output, overwrite=plan.options.overwrite) as folder,
    ):
        folder.require_free(files)
        folder.require_targets([order.named.name for order in plan.orders])
        require_space(output, plan.bytes_at_most)
        require_space(Path(scratch), plan.scratch_bytes)
        where = shown(output / RECORD_NAME)
        frozen = Frozen.of(folder.before, refreeze=plan.options.refreeze, where=where)
        built = Build(plan, folder, frozen, Path(scratch), tell).run()
        if not built.refused:
            tell("writing the record", 0.0)
            record = add_pages(
                folder.new,
                _record(plan, built),
                built.proofs,
                cover=None if plan.checked.art is None else plan.checked.art.data,
                coherence=page_table(built.coherence),
            )
            folder.commit(record)
    return ReleaseRun(
        folder=output.absolute(),
        album=plan.album.title,
        artist=plan.album.artist,
        proofs=tuple(built.proofs),
        made=tuple(built.made),
        refused=tuple(built.refused),
        notes={name: tuple(dict.fromkeys(said)) for name, said in built.notes.items()},
        lacks=plan.checked.lacks,
    )


def _refuse_sources(plan: ReleasePlan, output: Path) -> None:
    """Raise for sources that lie where the release goes: it may replace its own files.

    Raises:
        OutputError: Naming the source.
    """
    for order in plan.orders:
        for file in order.files:
            refuse_inputs(output / file.place, plan.paths)
    folder = output.resolve()
    for path in plan.paths:
        if path.resolve().is_relative_to(folder):
            reason = f"a source lies in it: {shown(path)}"
            raise OutputError(shown(output), reason, "build into another folder")


def _quiet(what: str, done: float) -> None:
    del what, done


def _record(plan: ReleasePlan, built: Built) -> ReleaseRecord:
    return ReleaseRecord(
        album=_album(plan, built),
        targets=tuple(_target(order, built) for order in plan.orders),
        files=tuple(built.records),
        levels={name: jsonable(each.to_json()) for name, each in built.levels.items()},
        coherence=jsonable(built.coherence),
        done=tuple(_done(plan, built)),
        not_done=plan.checked.lacks,
        versions=versions(),
    )


def _album(plan: ReleasePlan, built: Built) -> AlbumRecord:
    album = plan.album
    lengths = {piece.number: piece.duration_s for piece in plan.pieces if not piece.version}
    for record in built.records:
        if record.kind == "master" and record.track is not None and record.audio is not None:
            lengths[record.track] = record.audio.duration_s
    return AlbumRecord(
        title=line(album.title),
        artist=line(album.artist),
        version=line(album.version),
        upc=normal_gtin(album.upc or ""),
        label=album.label,
        catalogue_number=album.catalogue_number,
        date=album.dated,
        genre=album.genre,
        copyright=album.copyright,
        phonographic=album.phonographic,
        tracks=tuple(
            TrackRecord(
                number=number,
                title=line(track.title),
                version=line(track.version),
                artist=line(track.artist),
                isrc=normal_isrc(track.isrc or ""),
                writers=track.writers,
                credits=tuple(map(line, track.credits)),
                explicit=track.explicit,
                gap_s=_gap_behind(album, number),
                duration_s=lengths[number],
            )
            for number, track in enumerate(album.track, start=1)
        ),
    )


def _gap_behind(album: Album, number: int) -> float:
    """Return the silence behind a track: what the next one has before it."""
    if number == len(album.track):
        return 0.0
    following = album.track[number]
    if following.crossfade_s:
        return 0.0
    return USUAL_GAP_S if following.gap_s is None else following.gap_s


def _target(order: Order, built: Built) -> TargetRecord:
    target, levels = order.target, built.levels[order.named.name].levels
    mode = levels.mode if levels.mode in {"track", "as_is"} else "album"
    rates = {piece.sample_rate_hz for piece in order.pieces}
    file = target_for(order, order.pieces).file if target.medium != "file" else target.file
    return TargetRecord(
        id=order.named.name,
        name=target.name,
        policy=mode,
        format="; ".join(dict.fromkeys(file.spec(rate, 2).words for rate in sorted(rates)))
        if target.medium == "file"
        else {"cd": "Disc image with CUE, DDP 2.00", "vinyl": "One WAV a side"}[target.medium],
        integrated_lufs=levels.asked_lufs,
        true_peak_dbtp=target.true_peak_dbtp,
        source=target.source,
        checked="" if target.checked is None else target.checked.isoformat(),
        notes=tuple(dict.fromkeys((levels.means, *built.notes.get(order.named.name, ())))),
    )


def _done(plan: ReleasePlan, built: Built) -> Iterator[str]:
    """Yield what was done, in sentences."""
    relimited = [p for p in plan.pieces if p.kind == "master" and p.relimit and not p.version]
    for piece in relimited:
        yield f"track {piece.number}: an approved master that was limited again, as asked for"
    for programme in (main for main in plan.mains if main.parts):
        tracks = listed(map(str, programme.numbers))
        yield (
            f"tracks {tracks}: joined without a gap, so mastered as one programme with one gain, "
            "and cut at the track marks"
        )
    yield from said_of(built.coherence)
