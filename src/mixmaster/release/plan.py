"""What a release would be: every file, its size, what it needs; known before any work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from mixmaster.audio.formats import FileSpec, require_encoder
from mixmaster.audio.tags import KIND_OF_CONTAINER, tag_problems
from mixmaster.errors import DocumentError, Problem, UsageError
from mixmaster.mastering.options import NamedTarget
from mixmaster.mastering.target import DeliveryFile, Edges, Target
from mixmaster.release.album.checks import CheckedAlbum, check_album
from mixmaster.release.album.document import Album, load_album
from mixmaster.release.discs.planning import disc_problems
from mixmaster.release.naming import listed, place_of, require_apart, tags_of
from mixmaster.release.pieces import Piece, pieces_of
from mixmaster.release.programmes.joining import join_problems, join_warnings, joins, programmes
from mixmaster.results import Result, jsonable

CD_RATE_HZ: Final = 44_100
_USUAL_GAP_S: Final = 2.0
_PAGES_BYTES: Final = 4_000_000
_SPOOL_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class ReleaseOptions:
    """What a build is told beside the document.

    Attributes:
        targets: Where it goes, in place of the document's targets.
        draft: Whether what places need and the document lacks is only told.
        cohere: Whether the proposed corrections are made.
        refreeze: Whether the levels of a release that is there are found anew.
        overwrite: Whether files in the folder that are not the release's may be replaced.
        strict: Whether a source shorter than its header says is an error.
        threads: How many may work; the bytes do not depend on it.
    """

    targets: tuple[str, ...] = ()
    draft: bool = False
    cohere: bool = False
    refreeze: bool = False
    overwrite: bool = False
    strict: bool = False
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedFile(Result):
    """A file that the release would have.

    Attributes:
        place: Where it lies, with ``/`` between the parts.
        target: The target's short name.
        track: The track's number.
        version: Which version of it; empty for the track itself.
        kind: ``master``, ``version`` or ``snippet``.
        spec: What kind of file it is.
        bytes_at_most: How large it may become.
    """

    place: str
    target: str
    track: int
    version: str
    kind: Literal["master", "version", "snippet"]
    spec: FileSpec
    bytes_at_most: int


@dataclass(frozen=True, slots=True)
class Order:
    """What one target gets.

    Attributes:
        named: The target.
        pieces: The recordings that it gets, in order.
        units: The same as they are mastered: those that are joined without a gap as one.
        files: One for each; none for a disc or a record, which are made of all of them.
        bytes_at_most: Of all its files.
    """

    named: NamedTarget
    pieces: tuple[Piece, ...]
    units: tuple[Piece, ...]
    files: tuple[PlannedFile, ...]
    bytes_at_most: int

    @property
    def target(self) -> Target:
        """The target's document."""
        return self.named.target

    def unit_of(self, piece: Piece) -> Piece:
        """Return what a recording is mastered in: itself, or a programme."""
        return next(u for u in self.units if piece.key in {part.key for part in u.each})

    def main_of(self, unit: Piece) -> Piece:
        """Return what holds the track that something is a version of; of a track itself, that."""
        return next(u for u in self.units if not u.version and unit.number in u.numbers)


@dataclass(frozen=True, slots=True)
class ReleasePlan:
    """A release that can be built.

    Attributes:
        checked: The document, its targets and its cover.
        pieces: Every recording.
        orders: What each target gets.
        options: What the build was told.
        warnings: What is worth knowing before.
        bytes_at_most: Of the finished folder.
        scratch_bytes: What is needed beside that while it is built.
    """

    checked: CheckedAlbum
    pieces: tuple[Piece, ...]
    orders: tuple[Order, ...]
    options: ReleaseOptions
    warnings: tuple[str, ...]
    bytes_at_most: int
    scratch_bytes: int

    @property
    def album(self) -> Album:
        """The document."""
        return self.checked.album

    @property
    def mains(self) -> tuple[Piece, ...]:
        """The tracks as they are mastered, wherever any target has them joined."""
        tracks = [piece for piece in self.pieces if not piece.version]
        joined = any(joins(self.album, order.named) for order in self.orders)
        return programmes(self.album, tracks) if joined else tuple(tracks)

    @property
    def units(self) -> tuple[Piece, ...]:
        """All that is mastered at any target, and every recording alone."""
        joined = (unit for order in self.orders for unit in order.units)
        return tuple({each.key: each for each in (*self.pieces, *joined, *self.mains)}.values())

    @property
    def duration_s(self) -> float:
        """How long its tracks are together, s."""
        return sum(piece.duration_s for piece in self.pieces if not piece.version)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-ready data."""
        return {
            "title": self.album.title,
            "artist": self.album.artist,
            "tracks": [
                {
                    "number": piece.number,
                    "title": self.album.track[piece.number - 1].title,
                    "version": piece.words,
                    "from": piece.kind,
                    "file": str(piece.path),
                    "duration_s": piece.duration_s,
                    "isrc": piece.isrc,
                }
                for piece in self.pieces
            ],
            "targets": [
                {
                    "target": order.named.name,
                    "programmes": [list(u.numbers) for u in order.units if u.parts],
                    "files": [jsonable(file) for file in order.files],
                    "bytes_at_most": order.bytes_at_most,
                }
                for order in self.orders
            ],
            "bytes_at_most": self.bytes_at_most,
            "scratch_bytes": self.scratch_bytes,
            "warnings": list(self.warnings),
            "lacks": list(self.checked.lacks),
        }

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files that are read."""
        found: list[Path] = []
        for piece in self.pieces:
            found += [piece.path, *(piece.song.stems.paths if piece.song else ())]
            found += [piece.dialogue] if piece.dialogue else []
        if self.checked.art is not None:
            found.append(self.checked.art.path)
        return tuple(dict.fromkeys(found))


def plan_release(path: Path, options: ReleaseOptions, overrides: Sequence[str] = ()) -> ReleasePlan:
    """Return what a release document asks for, with everything that is wrong named at once.

    Args:
        path: The document.
        options: What the build is told.
        overrides: Values laid over the document, as ``--set`` writes them.

    Raises:
        DocumentError: With all problems of the document, its sources, targets and cover.
        UsageError: For an override that is not ``path=value``.
    """
    album = load_album(path, tuple(overrides))
    problems: list[Problem] = []
    checked: CheckedAlbum | None = None
    try:
        checked = check_album(album, options.targets, draft=options.draft)
    except DocumentError as error:
        problems += error.problems
    wrong = {problem.key for problem in problems}
    sound = [
        number
        for number in range(1, len(album.track) + 1)
        if not any(_is_source(key, number) for key in wrong)
    ]
    pieces: tuple[Piece, ...] = ()
    try:
        pieces = pieces_of(album, sound)
    except DocumentError as error:
        problems += [each for each in error.problems if each not in problems]
    if problems:
        raise DocumentError(album.where, tuple(problems))
    assert checked is not None
    return _planned(checked, pieces, options)


def _is_source(key: str, number: int) -> bool:
    """Tell whether a problem's key is about what a track is made from."""
    head = f"track.{number}"
    rest = key.removeprefix(head)
    ends = ("", ".mix", ".session", ".master", ".dialogue", ".versions", ".preset", ".set")
    return key.startswith(head) and (rest in ends or rest.startswith(".alternate"))


def _planned(
    checked: CheckedAlbum, pieces: tuple[Piece, ...], options: ReleaseOptions
) -> ReleasePlan:
    album = checked.album
    orders = []
    problems: list[Problem] = []
    for named in checked.targets:
        try:
            orders.append(_order(album, named, pieces))
        except UsageError as error:
            problems.append(Problem(f"target {named.name}", error.reason, error.hint))
    lengths = list(_lengths(album, checked.targets, pieces))
    if not options.draft:
        problems += lengths
    wrong, told = disc_problems(checked.targets, album, pieces)
    problems += wrong
    if any(joins(album, named) for named in checked.targets):
        problems += join_problems(album, pieces)
    problems += _tag_problems(album, orders)
    if problems:
        raise DocumentError(album.where, tuple(problems))
    files = [each for order in orders for each in order.files]
    names = {f"{_said(each)} for {each.target}": each.place for each in files}
    require_apart(album, names)
    warnings = [*checked.warnings, *told, *join_warnings(album, pieces, checked.targets)]
    lacks = (*checked.lacks, *(map(str, lengths) if options.draft else ()))
    return ReleasePlan(
        checked=replace(checked, lacks=lacks),
        pieces=pieces,
        orders=tuple(orders),
        options=options,
        warnings=tuple(warnings),
        bytes_at_most=sum(order.bytes_at_most for order in orders) + _PAGES_BYTES,
        scratch_bytes=_scratch_bytes(orders),
    )


def _said(file: PlannedFile) -> str:
    return f"track {file.track}" + (f" ({file.version})" if file.version else "")


def _order(album: Album, named: NamedTarget, pieces: Sequence[Piece]) -> Order:
    """Return what a target gets.

    Raises:
        UsageError: For a file that cannot be written, here or at all.
    """
    target = named.target
    package = target.package
    alternates = package.alternates and target.medium == "file"
    wanted = tuple(piece for piece in pieces if alternates or not piece.version)
    units = programmes(album, wanted) if joins(album, named) else wanted
    require_encoder(target.file.format)
    if target.medium != "file":
        return Order(named, wanted, units, (), _disc_bytes(target, wanted))
    files = []
    for piece in wanted:
        spec = target.file.spec(piece.sample_rate_hz, piece.channels)
        length_s = piece.duration_s + target.edges.pad_tail_s + 1e-3 * target.edges.pad_head_ms
        kind: Literal["master", "version", "snippet"] = "version" if piece.version else "master"
        if package.snippet_s is not None:
            snippet = album.track[piece.number - 1].snippet
            length_s, kind = min(length_s, snippet.length_s or package.snippet_s), "snippet"
        place = place_of(album, piece, named, spec)
        size = spec.bytes_at_most(round(length_s * spec.sample_rate_hz))
        files.append(PlannedFile(place, named.name, piece.number, piece.version, kind, spec, size))
    return Order(named, wanted, units, tuple(files), sum(each.bytes_at_most for each in files))


def _tag_problems(album: Album, orders: Sequence[Order]) -> Iterator[Problem]:
    """Yield what files could not say of themselves, each once: known before they are made."""
    told: set[tuple[str, str]] = set()
    for order in orders:
        if not order.target.package.tags:
            continue
        for piece, file in zip(order.pieces, order.files, strict=False):
            for text in tag_problems(KIND_OF_CONTAINER[file.spec.container], tags_of(album, piece)):
                if (piece.key, text) not in told:
                    told.add((piece.key, text))
                    yield Problem(f"track.{piece.key}", text)


def _disc_bytes(target: Target, pieces: Sequence[Piece]) -> int:
    """Return how large a disc or a record's sides may become: a CD is there twice, with its DDP."""
    length_s = sum(piece.duration_s + _USUAL_GAP_S for piece in pieces)
    if target.medium == "cd":
        return 2 * round(length_s * CD_RATE_HZ) * 4
    rate = max((piece.sample_rate_hz for piece in pieces), default=CD_RATE_HZ)
    return round(length_s * rate) * 2 * 4


def spool_file(target: Target, sample_rate_hz: int) -> DeliveryFile:
    """Return what a disc or a record is put together from: stereo, float, nothing rounded yet."""
    rate = CD_RATE_HZ if target.medium == "cd" else target.file.sample_rate_hz
    return DeliveryFile(
        format="wav",
        bit_depth=32,
        sample_rate_hz=sample_rate_hz if rate == "source" else rate,
        channels="stereo",
        dither="none",
    )


def target_for(order: Order, pieces: Sequence[Piece]) -> Target:
    """Return the target as single files are made for it: those of a disc have no edges yet."""
    if order.target.medium == "file":
        return order.target
    rate = max((piece.sample_rate_hz for piece in pieces), default=CD_RATE_HZ)
    edges = order.target.edges.model_copy(update={"pad_head_ms": 0.0, "pad_tail_s": 0.0})
    assert isinstance(edges, Edges)
    return order.target.model_copy(update={"file": spool_file(order.target, rate), "edges": edges})


def _lengths(
    album: Album, targets: Sequence[NamedTarget], pieces: Sequence[Piece]
) -> Iterator[Problem]:
    """Yield which tracks are too short, one line a track."""
    for piece in pieces:
        refusing: dict[float, list[str]] = {}
        for named in targets:
            package = named.target.package
            if piece.version and not package.alternates:
                continue
            least = package.shortest_s
            if least is not None and package.snippet_s is None and piece.duration_s < least:
                refusing.setdefault(least, []).append(named.name)
        for least, names in refusing.items():
            what = f"'{album.track[piece.number - 1].title[:60]}' is {piece.duration_s:.1f} s long"
            verb = "take" if len(names) > 1 else "takes"
            yield Problem(f"track.{piece.key}", what, f"{listed(names)} {verb} {least:g} s or more")


def _scratch_bytes(orders: Sequence[Order]) -> int:
    """Return what temporary files take at most: spools, mixes, programmes before they are cut."""
    total = 0
    mixed: set[str] = set()
    for unit in {unit.key: unit for order in orders for unit in order.units}.values():
        rates = {unit.sample_rate_hz}
        for order in orders:
            if unit in order.units:
                file = target_for(order, order.pieces).file
                rates.add(file.spec(unit.sample_rate_hz, unit.channels).sample_rate_hz)
        spool = round(unit.duration_s * unit.channels * _SPOOL_BYTES)
        total += sum(rates) * spool
        if unit.parts:
            total += (unit.sample_rate_hz + max(rates)) * spool
        for piece in unit.each:
            if piece.song is not None and piece.key not in mixed:
                mixed.add(piece.key)
                total += round(piece.duration_s * piece.sample_rate_hz * 2 * 4)
    discs = [order for order in orders if order.target.medium != "file"]
    return total + sum(order.bytes_at_most for order in discs)
