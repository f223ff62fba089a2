"""A stem with its regions, read block by block from anywhere, as a file would be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, Block, zeros
from mixmaster.audio.names import shown
from mixmaster.audio.sink import FileSpec, open_sink
from mixmaster.audio.source import AudioInfo, AudioSource, open_source
from mixmaster.dsp.fades import Shape, blend, progress
from mixmaster.mixing.regions.declared import Arrangement, Region


class Material(Protocol):
    """What a piece is made of."""

    def open(self) -> Reader:
        """Return a reader of its own."""


class Reader(Protocol):
    """Reads material."""

    notes: list[str]

    def read(self, first: int, frames: int) -> Block:
        """Return ``frames`` frames from ``first`` on, silence where there are none."""

    def close(self) -> None:
        """Close what is open; again does nothing."""


@dataclass(frozen=True, slots=True)
class FileMaterial:
    """A file, at a rate.

    Attributes:
        info: The file.
        sample_rate_hz: The rate of the frames.
        strict: Whether a file that is shorter than its header says is an error.
    """

    info: AudioInfo
    sample_rate_hz: int
    strict: bool = False

    def open(self) -> FileReader:
        """Return a reader of its own."""
        return FileReader(self)


class FileReader:
    """Reads a file; going on where it was is cheap."""

    def __init__(self, material: FileMaterial) -> None:
        self.notes: list[str] = []
        self._material = material
        self._source: AudioSource | None = None
        self._at = -1

    def read(self, first: int, frames: int) -> Block:
        """Return ``frames`` frames from ``first`` on, silence where there are none."""
        material = self._material
        lead = min(frames, max(0, -first))
        if self._source is None:
            self._source = open_source(
                material.info.path,
                sample_rate_hz=material.sample_rate_hz,
                strict=material.strict,
            )
        if self._at != first + lead:
            self._source.seek(first + lead)
        block = self._source.read(frames - lead)
        self._at = first + frames
        missing = frames - lead - block.shape[1]
        return np.pad(block, ((0, 0), (lead, missing))) if lead or missing else block

    def close(self) -> None:
        """Close the file; again does nothing."""
        if self._source is not None:
            name = shown(self._material.info.path.name)
            said = [f"{name}: {note}" for note in self._source.notes]
            self.notes += [note for note in said if note not in self.notes]
            self._source.close()
            self._source = None


@dataclass(frozen=True, slots=True)
class Fade:
    """One end of a piece.

    Attributes:
        frames: How long it takes, inside the piece; 0 for a cut.
        shape: How it runs.
    """

    frames: int = 0
    shape: Shape = "linear"


@dataclass(frozen=True, slots=True)
class Piece:
    """A region, resolved to frames of the session. It lies on top of what comes before it.

    Attributes:
        start: Its first frame, a crossfade's included.
        stop: The frame after its last.
        material: What plays; None for silence.
        first: The material's frame at ``start``.
        gain: A factor; negative where it is turned upside down.
        fade_in: How it comes, out of what lies under it: the region that it is crossfaded with,
            the stem, or silence.
        fade_out: How it goes.
    """

    start: int
    stop: int
    material: Material | None
    first: int
    gain: float = 1.0
    fade_in: Fade = Fade()
    fade_out: Fade = Fade()


@dataclass(frozen=True, slots=True)
class Arranged:
    """A stem's file with its regions; `open` reads it.

    Attributes:
        info: The stem's own file.
        sample_rate_hz: The session's rate.
        base: What plays where no piece lies; None for silence.
        pieces: In order of time; only neighbours overlap, where they are crossfaded.
        frames: Frames in all.
        takes: Other files that pieces are from.
        declared: What it is resolved from.
    """

    info: AudioInfo
    sample_rate_hz: int
    base: FileMaterial | None
    pieces: tuple[Piece, ...]
    frames: int
    takes: tuple[AudioInfo, ...] = ()
    declared: Arrangement | None = None

    @property
    def channels(self) -> int:
        """Channels of the blocks."""
        return self.info.channels

    def open(self) -> ArrangedSource:
        """Return a reader of its own, at frame 0."""
        return ArrangedSource(self)


@dataclass(slots=True)
class ArrangedSource:
    """An open stem with its regions; a context manager, read as an `AudioSource` is.

    Every frame depends on its own place alone: however it is cut, and wherever it starts, the
    samples are the same, bit for bit.
    """

    arranged: Arranged
    notes: list[str] = field(default_factory=list)
    _at: int = 0
    _base: FileReader | None = None
    _readers: dict[int, Reader] = field(default_factory=dict)

    @property
    def info(self) -> AudioInfo:
        """What the header of the stem's own file says."""
        return self.arranged.info

    @property
    def channels(self) -> int:
        """Channels of the blocks."""
        return self.arranged.channels

    @property
    def sample_rate_hz(self) -> int:
        """The rate of the blocks."""
        return self.arranged.sample_rate_hz

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def seek(self, frame: int) -> None:
        """Go to a frame."""
        assert frame >= 0
        self._at = frame

    def read(self, frames: int) -> Block:
        """Return the next ``frames`` frames, ``(channels, frames)``: fewer at the end, then none.

        Raises:
            AudioFileError: Where a file turns out to be damaged, with the position.
            SignalError: For NaN or infinity in a file, with the time.
        """
        arranged, start = self.arranged, self._at
        stop = min(start + frames, max(start, arranged.frames))
        self._at = stop
        if stop == start:
            return zeros(self.channels, 0)
        out = self._under(start, stop)
        for number, piece in enumerate(arranged.pieces):
            first, last = max(start, piece.start), min(stop, piece.stop)
            if first < last:
                part = out[:, first - start : last - start]
                self._lay(part, number, first)
            if piece.stop <= stop and number in self._readers:
                self._close(self._readers.pop(number))
        return out

    def blocks(self, block_frames: int = BLOCK_FRAMES) -> Iterator[Block]:
        """Yield it in blocks, from the beginning."""
        self.seek(0)
        while (block := self.read(block_frames)).shape[1]:
            yield block

    def close(self) -> None:
        """Close all files and keep what they said; again does nothing."""
        for reader in self._readers.values():
            self._close(reader)
        self._readers = {}
        if self._base is not None:
            self._close(self._base)
            self._base = None

    def _under(self, start: int, stop: int) -> Block:
        """Return what plays where no piece lies, writable."""
        base = self.arranged.base
        if base is None:
            return zeros(self.channels, stop - start)
        if self._base is None:
            self._base = base.open()
        return np.array(self._base.read(start, stop - start))

    def _lay(self, out: Block, number: int, start: int) -> None:
        """Lay a piece over ``out``, whose first frame is ``start``."""
        piece = self.arranged.pieces[number]
        sound = self._sound(number, start, out.shape[1])
        stop = start + out.shape[1]
        body = (piece.start + piece.fade_in.frames, piece.stop - piece.fade_out.frames)
        first, last = (min(max(edge, start), stop) for edge in body)
        out[:, first - start : last - start] = sound[:, first - start : last - start]
        if first > start:
            share = progress(start - piece.start, first - piece.start, piece.fade_in.frames)
            part = slice(0, first - start)
            out[:, part] = blend(out[:, part], sound[:, part], share, piece.fade_in.shape)
        if last < stop:
            share = progress(last - body[1], stop - body[1], piece.fade_out.frames)
            part = slice(last - start, stop - start)
            out[:, part] = blend(sound[:, part], out[:, part], share, piece.fade_out.shape)

    def _sound(self, number: int, start: int, frames: int) -> Block:
        piece = self.arranged.pieces[number]
        if piece.material is None:
            return zeros(self.channels, frames)
        reader = self._readers.get(number)
        if reader is None:
            reader = self._readers[number] = piece.material.open()
        block = reader.read(piece.first + start - piece.start, frames)
        return block if piece.gain == 1.0 else np.asarray(block * piece.gain)

    def _close(self, reader: Reader) -> None:
        reader.close()
        self.notes += [note for note in reader.notes if note not in self.notes]


def write_down(arranged: Arranged, path: Path) -> Path:
    """Write a stem with its regions to a 32-bit float WAV, for what can only read files."""
    spec = FileSpec("wav", 32, arranged.sample_rate_hz, arranged.channels)
    with arranged.open() as source, open_sink(path, spec) as sink:
        for block in source.blocks():
            sink.write(block)
        sink.close()
    return path


def takes_of(stems: Iterable[AudioInfo], arranged: Iterable[Arranged]) -> tuple[AudioInfo, ...]:
    """Return the files that are pieces of stems and no stems themselves, each once."""
    known = {info.path for info in stems}
    takes = (info for each in arranged for info in each.takes)
    return tuple({info.path: info for info in takes if info.path not in known}.values())


def declared_regions(arranged: Iterable[Arranged]) -> dict[str, Any]:
    """Return what manifests say of regions, by the names of the stems' files."""
    return {
        each.info.path.name: {
            "mode": each.declared.mode,
            "region": [_declared(region) for region in each.declared.regions if region.use],
        }
        for each in arranged
        if each.declared is not None
    }


def restored_regions(said: Mapping[str, Any], files: Mapping[str, Path]) -> dict[Path, Arrangement]:
    """Return the regions that a manifest says, ready to be planned with again.

    Args:
        said: What `declared_regions` returned.
        files: Where the files lie by now, by the names that the manifest gives its inputs.
    """
    found = {}
    for name, entry in said.items():
        regions = tuple(Region.model_validate(region) for region in entry["region"])
        takes = {region.file: files[region.file] for region in regions if region.file is not None}
        found[files[name]] = Arrangement(regions, entry["mode"], f"regions.{name}", takes)
    return found


def region_notes(arranged: Iterable[Arranged]) -> list[str]:
    """Return what the regions make of their stems, a line a stem."""
    notes = []
    for each in arranged:
        if each.declared is None:
            continue
        used = [region for region in each.declared.regions if region.use]
        count = f"{len(used)} region{'' if len(used) == 1 else 's'}"
        laid = (
            f"{count} laid over it" if each.declared.mode == "fix" else f"put together of {count}"
        )
        note = f"{shown(each.info.path.name)}: {laid}"
        stretched = sum(region.sounds_otherwise for region in used)
        if stretched:
            note += f", {stretched} stretched or pitched"
        if each.takes:
            takes = ", ".join(shown(info.path.name) for info in each.takes)
            note += f"; takes: {takes}"
        notes.append(note)
    return notes


def _declared(region: Region) -> dict[str, Any]:
    said = region.model_dump(mode="json", exclude_defaults=True, exclude={"notes"})
    if region.file is not None:
        said["file"] = Path(region.file).name  # no paths in manifests
    return said
