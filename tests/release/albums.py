"""Small albums for tests: short songs of known loudness, a cover, a chain, targets of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf

from mixmaster.release.plan import ReleaseOptions, plan_release
from mixmaster.release.run import ReleaseRun, build

RATE = 44_100

CHAIN = """
format = 1
kind = "mastering"
name = "Plain"
integrated_lufs = -16.0

[[insert]]
effect = "eq"
bands = [{ shape = "bell", frequency_hz = 1000.0, gain_db = 1.0 }]

[[insert]]
effect = "limiter"
"""

STORE = """
format = 1
kind = "target"
name = "Store"
true_peak_dbtp = -1.0

[[playback]]
integrated_lufs = -14.0
album = "album"

[file]
format = "flac"
bit_depth = 16
sample_rate_hz = "source"

[package]
loudness = "album"
needs = ["title", "artist"]
tags = true
"""


def song(path: Path, gain_db: float, seed: int, *, seconds: float = 5.0, rate: int = RATE) -> Path:
    """Write pulsing noise, stereo, in 24 bits: never quiet, and no peak alone."""
    rng = np.random.default_rng(seed)
    frames = round(seconds * rate)
    noise = rng.standard_normal((frames, 2))
    tone = np.cumsum(noise, axis=0)
    tone -= np.linspace(tone[0], tone[-1], frames)
    tone /= np.abs(tone).max()
    pulse = 0.6 + 0.4 * np.sin(2 * np.pi * 2.0 * np.arange(frames) / rate)[:, None]
    audio = (0.3 * noise / np.abs(noise).max() + 0.3 * tone) * pulse * 10 ** (gain_db / 20)
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, audio, rate, subtype="PCM_24")
    return path


def cover(path: Path, side: int = 640, mode: str = "RGB") -> Path:
    """Write a square picture."""
    from PIL import Image

    ramp = np.linspace(0, 255, side).astype(np.uint8)
    picture = Image.fromarray(np.broadcast_to(ramp, (side, side)).copy()).convert(mode)
    picture.save(path)
    return path


def album(folder: Path, text: str = "", tracks: str = "", targets: str = '"store.toml"') -> Path:
    """Write an album of two songs, 3 dB apart, with a chain and a target; return its document."""
    song(folder / "one.wav", 0.0, 1)
    song(folder / "two.wav", -3.0, 2)
    cover(folder / "cover.png")
    (folder / "plain.toml").write_text(CHAIN)
    (folder / "store.toml").write_text(STORE)
    two = tracks or (
        '[[track]]\nmix = "one.wav"\ntitle = "One"\nisrc = "QZ-AB1-26-00001"\n'
        '[[track]]\nmix = "two.wav"\ntitle = "Two"\nisrc = "QZ-AB1-26-00002"\n'
    )
    document = folder / "album.toml"
    document.write_text(
        f'format = 1\nkind = "release"\ntitle = "Short"\nartist = "Nobody"\n'
        f'upc = "036000291452"\nlabel = "None"\ndate = 2026-11-20\ntargets = [{targets}]\n{text}\n'
        f'[master]\npreset = "plain.toml"\n{two}'
    )
    return document


def built(document: Path, output: Path, *overrides: str, **options: object) -> ReleaseRun:
    """Build a release as a user would."""
    plan = plan_release(document, ReleaseOptions(**options), overrides)  # type: ignore[arg-type]
    return build(plan, output)


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder by its place."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def flac_tags(path: Path) -> Any:
    """Return a FLAC file's tags as mutagen reads them."""
    from mutagen.flac import FLAC

    return FLAC(path)  # type: ignore[no-untyped-call]


def mp3_tags(path: Path) -> Any:
    """Return an MP3 file's ID3 tags as mutagen reads them."""
    from mutagen.id3 import ID3

    return ID3(path)  # type: ignore[no-untyped-call]


def lufs_by_ffmpeg(path: Path) -> float:
    """Return a file's integrated loudness as FFmpeg's ebur128 measures it, through PyAV."""
    import av
    from av.filter import Graph

    with av.open(str(path)) as opened:
        graph = Graph()
        stream = opened.streams.audio[0]
        source = graph.add_abuffer(template=stream)
        meter = graph.add("ebur128", "metadata=1")
        sink = graph.add("abuffersink")
        source.link_to(meter)
        meter.link_to(sink)
        graph.configure()
        found = -70.0
        frames = [*opened.decode(stream), None]
        for frame in frames:
            source.push(frame)
            while True:
                try:
                    out = sink.pull()
                except (av.error.BlockingIOError, av.error.EOFError):
                    break
                found = float(out.metadata.get("lavfi.r128.I", found))
    return found


def run_cli(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "mixmaster", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
