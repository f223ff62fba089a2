"""A release as its pages show it: from its record and its proofs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from mixmaster.pages.axes import signed
from mixmaster.pages.release.data import (
    Cell,
    PageFile,
    PageRelease,
    PageTable,
    PageTarget,
    PageTrack,
)
from mixmaster.release.proof.answers import Proof
from mixmaster.release.proof.record import (
    AlbumRecord,
    AudioRecord,
    FiguresRecord,
    FileRecord,
    LimitsRecord,
    ReleaseRecord,
    TargetRecord,
    TrackRecord,
)

_POLICIES: Final = {
    "album": "the tracks' relations are kept",
    "track": "each track has the target's loudness",
    "as_is": "levels as they are",
}
_NAMES: Final = {
    "wav": "WAV",
    "flac": "FLAC",
    "aiff": "AIFF",
    "alac": "ALAC",
    "mp3": "MP3",
    "aac": "AAC",
    "opus": "Opus",
    "vorbis": "Vorbis",
}


def page_release(
    record: ReleaseRecord,
    proofs: Sequence[Proof],
    *,
    cover: bytes | None = None,
    coherence: PageTable | None = None,
) -> PageRelease:
    """Return what the pages of a release show.

    Args:
        record: The release.
        proofs: What was found of its files, in their order; files beyond them were written after
            the page.
        cover: The art, a JPEG or PNG file.
        coherence: How its tracks compare.
    """
    album = record.album
    titles = {track.number: track for track in album.tracks}
    return PageRelease(
        title=_versioned(album.title, album.version),
        artist=album.artist,
        facts=_facts(album),
        tracks=tuple(_track(track, album) for track in album.tracks),
        targets=tuple(_target(target) for target in record.targets),
        files=tuple(
            _file(file, proof, titles) for file, proof in zip(record.files, proofs, strict=False)
        ),
        coherence=coherence,
        done=record.done,
        not_done=record.not_done,
        cover=cover,
    )


def format_text(audio: AudioRecord) -> str:
    """Return a file's format in words: ``FLAC 24 bit / 44.1 kHz``, ``MP3 320 kbit/s``."""
    rate = f"{audio.sample_rate_hz / 1_000:g} kHz"
    channels = {1: ", mono", 2: ""}.get(audio.channels, f", {audio.channels} channels")
    name = _NAMES[audio.container]
    if audio.bit_depth is None:
        kbps = "" if audio.bitrate_kbps is None else f" {audio.bitrate_kbps} kbit/s"
        return f"{name}{kbps} / {rate}{channels}"
    depth = "32 bit float" if audio.bit_depth == 32 else f"{audio.bit_depth} bit"
    return f"{name} {depth} / {rate}{channels}"


def cells(found: FiguresRecord, limits: LimitsRecord, codes: Iterable[str]) -> tuple[Cell, ...]:
    """Return a file's figures with what they must keep to: one for each of the page's columns.

    Args:
        found: What was measured.
        limits: What the file must keep to.
        codes: Of its faults.
    """
    bad = set(codes)
    wanted = ""
    if limits.integrated_lufs is not None:
        wanted = f"{signed(limits.integrated_lufs, 2)} ± {limits.tolerance_lu:g}"
    edges = (found.silence_head_s, found.silence_tail_s)
    silence = " / ".join("–" if value is None else f"{value:.2f}" for value in edges)
    most = (limits.max_silence_head_s, limits.max_silence_tail_s)
    dc = None if found.dc_offset is None else 100.0 * found.dc_offset
    tops = "–" if found.clipped_runs is None else f"{found.clipped_runs:,}"

    def cell(key: str, digits: int, limit: str, code: str) -> Cell:
        text = signed(getattr(found, key), digits)
        return Cell(text, limit, code in bad, found.reasons.get(key, ""))

    return (
        cell("integrated_lufs", 2, wanted, "loudness"),
        cell("max_short_term_lufs", 1, _most(limits.max_short_term_lufs), "short_term"),
        cell("loudness_range_lu", 1, _most(limits.max_loudness_range_lu), "range"),
        cell("true_peak_dbtp", 2, _most(limits.true_peak_dbtp), "true_peak"),
        Cell(tops, _most(limits.max_clipped_runs), "clipping" in bad),
        Cell(
            silence,
            "" if most == (None, None) else f"≤ {' / '.join(_plain(value) for value in most)}",
            "silence" in bad,
            found.reasons.get("silence_head_s", ""),
        ),
        Cell(
            "–" if dc is None else signed(dc, 3),
            "" if limits.max_dc_offset is None else f"≤ {100.0 * limits.max_dc_offset:g}",
            "dc" in bad,
        ),
    )


def _most(value: float | None) -> str:
    return "" if value is None else f"≤ {_plain(value)}"


def _plain(value: float | None) -> str:
    return "–" if value is None else f"{value:g}".replace("-", "−")


def _versioned(title: str, version: str) -> str:
    return f"{title} ({version})" if version else title


def _facts(album: AlbumRecord) -> tuple[tuple[str, str], ...]:
    upc = "EAN" if len(album.upc) == 13 else "UPC"
    return (
        ("Label", album.label),
        ("Catalogue number", album.catalogue_number),
        (upc, album.upc),
        ("Release date", album.date),
        ("Genre", album.genre),
        ("Copyright", _mark("©", album.copyright)),
        ("Phonographic copyright", _mark("℗", album.phonographic)),
    )


def _mark(sign: str, line: str) -> str:
    return line if not line or line.startswith(sign) else f"{sign} {line}"


def _track(track: TrackRecord, album: AlbumRecord) -> PageTrack:
    return PageTrack(
        number=track.number,
        title=track.title,
        version=track.version,
        artist=track.artist or album.artist,
        isrc=track.isrc,
        writers=track.writers,
        credits=track.credits,
        explicit=track.explicit,
        seconds=track.duration_s,
        gap_s=track.gap_s,
    )


def _target(target: TargetRecord) -> PageTarget:
    asked = []
    if target.integrated_lufs is not None:
        asked.append(f"{signed(target.integrated_lufs)} LUFS")
    if target.true_peak_dbtp is not None:
        asked.append(f"at most {signed(target.true_peak_dbtp)} dBTP")
    source = target.source
    if source and target.checked:
        source = f"{source}, checked {target.checked}"
    return PageTarget(
        id=target.id,
        name=target.name,
        policy=_POLICIES[target.policy],
        format=target.format,
        asked=", ".join(asked),
        source=source,
        notes=target.notes,
        integrated_lufs=target.integrated_lufs,
        true_peak_dbtp=target.true_peak_dbtp,
    )


def _file(file: FileRecord, proof: Proof, tracks: dict[int, TrackRecord]) -> PageFile:
    audio, figures = file.audio, proof.figures or file.figures or FiguresRecord()
    track = None if file.track is None else tracks[file.track]
    name = file.path.rpartition("/")[2]
    title = name if track is None else _versioned(track.title, file.version or track.version)
    codes = [fault.code for fault in proof.faults]
    return PageFile(
        path=file.path,
        kind=file.kind,
        target=file.target,
        track=file.track,
        title=title,
        format="" if audio is None else format_text(audio),
        seconds=None if audio is None else audio.duration_s,
        bytes=file.bytes,
        sha256=file.sha256,
        state=proof.state,
        reasons=tuple(fault.text for fault in proof.faults),
        unchecked=proof.unchecked,
        remarks=(*file.notes, *proof.remarks),
        cells=() if audio is None else cells(figures, file.limits, codes),
        tags=_tags(file, codes),
        integrated_lufs=figures.integrated_lufs,
        max_short_term_lufs=figures.max_short_term_lufs,
        true_peak_dbtp=figures.true_peak_dbtp,
    )


def _tags(file: FileRecord, codes: Sequence[str]) -> str:
    """Return what a file's tags came to, in a word or two."""
    if file.tags is None and file.broadcast is None:
        return ""
    if {"tags", "picture", "bext"} & set(codes):
        return "differ"
    parts = ["tags"] if file.tags and any(file.tags.values()) else []
    parts += ["art"] if file.picture_sha256 else []
    parts += ["bext"] if file.broadcast is not None else []
    return ", ".join(parts) or "none"
