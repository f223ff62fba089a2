"""Small releases, built as a build does it: files, tags, records, proofs, pages."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from mixmaster.audio.formats import SUFFIXES, Container, FileSpec
from mixmaster.audio.sink import open_sink
from mixmaster.audio.tags import KIND_OF_CONTAINER, Picture, Tags, held, write_tags
from mixmaster.release.proof.answers import Proof
from mixmaster.release.proof.finishing import add_pages
from mixmaster.release.proof.proving import prove_files
from mixmaster.release.proof.record import (
    AlbumRecord,
    AudioRecord,
    FileRecord,
    LimitsRecord,
    ReleaseRecord,
    TargetRecord,
    TrackRecord,
)
from mixmaster.release.proof.recording import audio_record, proven, recorded
from mixmaster.release.proof.writing import write_record

Signal = npt.NDArray[np.float64]
RATE_HZ = 48_000
LOSSY = ("mp3", "aac", "opus", "vorbis")
SECONDS = 4.0

TITLES = ("First Light", "Undertow", "Harbour")


def tone(seed: int, *, seconds: float = SECONDS, peak: float = 0.5) -> Signal:
    """Return a chord that swells: two channels, every seed another."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    low = 110.0 * 2.0 ** (seed * 5 / 12)
    swell = 0.3 + 0.7 * np.sin(np.pi * np.clip(t / seconds, 0.0, 1.0)) ** 2
    left = sum(np.sin(2.0 * np.pi * low * k * t) / k for k in (1, 2, 3))
    right = sum(np.sin(2.0 * np.pi * low * k * t + 0.7) / k for k in (1, 2, 4))
    both = np.asarray([left, right]) * swell
    return np.asarray(peak * both / np.abs(both).max())


def cover(side: int = 64) -> bytes:
    """Return a square picture as PNG."""
    x, y = np.meshgrid(np.linspace(0, 1, side), np.linspace(0, 1, side))
    pixels = np.stack([40 + 180 * x, 60 + 90 * y, 150 - 60 * x * y], axis=-1)
    out = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


def write_sound(path: Path, audio: Signal, container: Container) -> AudioRecord:
    """Write a signal; return what the file must be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    depth: Literal[16, 24, 32] = 32 if container in LOSSY else 16 if container == "wav" else 24
    spec = FileSpec(container, depth, RATE_HZ, 2)
    with open_sink(path, spec) as sink:
        sink.write(audio)
    return audio_record(spec, audio.shape[1])


def tags_of(number: int, title: str, album: str = "Low Tide", **more: Any) -> Tags:
    """Return the tags of a track."""
    values: dict[str, Any] = {
        "title": title,
        "artist": "Ada Quay",
        "album": album,
        "track": number,
        "tracks": max(3, number),
        "isrc": f"QZAB126{number:05d}",
    }
    return Tags(**{**values, **more})


def album_of(titles: Sequence[str], **more: Any) -> AlbumRecord:
    """Return an album of tracks."""
    tracks = tuple(
        TrackRecord(
            number=i + 1,
            title=title,
            isrc=f"QZAB126{i + 1:05d}",
            writers=("Ada Quay", "Ben Moor"),
            credits=("Recorded by Ines Vale",) if i == 0 else (),
            explicit=True if i == 1 else None,
            gap_s=2.0,
            duration_s=SECONDS,
        )
        for i, title in enumerate(titles)
    )
    values: dict[str, Any] = {
        "title": "Low Tide",
        "artist": "Ada Quay",
        "upc": "0036000291452",
        "label": "Blue Hour Records",
        "catalogue_number": "BHR-007",
        "date": "2026-11-20",
        "genre": "Folk",
        "copyright": "2026 Blue Hour Records",
        "phonographic": "2026 Blue Hour Records",
        "tracks": tracks,
    }
    return AlbumRecord(**{**values, **more})


def target_of(name: str, **more: Any) -> TargetRecord:
    values: dict[str, Any] = {
        "id": name,
        "name": name.capitalize(),
        "policy": "album",
        "integrated_lufs": -14.0,
        "true_peak_dbtp": -1.0,
        "source": "its support pages",
        "checked": "2026-11-20",
    }
    return TargetRecord(**{**values, **more})


def build(
    folder: Path,
    *,
    titles: Sequence[str] = TITLES,
    containers: Sequence[Container] = ("flac", "mp3"),
    limits: LimitsRecord | None = None,
    album: dict[str, Any] | None = None,
    tags: bool = True,
) -> tuple[ReleaseRecord, tuple[Proof, ...]]:
    """Build a release into a folder; a target a container."""
    picture = Picture(cover(), "image/png", 64, 64)
    limit = limits or LimitsRecord(true_peak_dbtp=-1.0)
    files: list[FileRecord] = []
    for container in containers:
        for i, title in enumerate(titles):
            suffix = SUFFIXES[container].removeprefix(".")
            path = f"{container}/{i + 1:02d} Track.{suffix}"
            audio = write_sound(folder / path, tone(i), container)
            meant, told = tags_of(i + 1, title), tags and container != "wav"
            meant = held(KIND_OF_CONTAINER[container], meant) if told else Tags()
            if told:
                write_tags(folder / path, meant, picture)
            files.append(
                recorded(
                    folder,
                    path,
                    "master",
                    target=container,
                    track=i + 1,
                    audio=audio,
                    limits=limit,
                    tags=meant,
                    picture_sha256=picture.sha256 if told else None,
                )
            )
    (folder / "art").mkdir(parents=True, exist_ok=True)
    (folder / "art" / "cover.png").write_bytes(cover())
    files.append(recorded(folder, "art/cover.png", "art"))
    proofs = prove_files(folder, files, threads=1)
    files = [proven(file, proof) for file, proof in zip(files, proofs, strict=True)]
    record = ReleaseRecord(
        album=album_of(titles, **(album or {})),
        targets=tuple(target_of(container) for container in containers),
        files=tuple(files),
        done=("The album's gain is -1.20 dB for all tracks.",),
        not_done=("ALAC was not made: it needs PyAV.",),
    )
    record = add_pages(folder, record, proofs, cover=cover())
    write_record(folder, record)
    return record, proofs
