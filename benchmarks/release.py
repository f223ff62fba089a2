"""An album of 12 tracks and 45 minutes to 8 targets, proven, on two cores.

Counted is all that ``mixmaster release`` does: hashing and measuring the mixes, the chain of each
track, coherence, levels, every master limited, encoded, read back, tagged, then every finished
file opened again, decoded and measured; a disc image with its DDP, the sides of a record, pages and
checksums. The figure is album minutes x targets / minutes taken: how many times real time a target
costs on average.

The peer is what a script around FFmpeg would be: loudnorm in two passes for each track and
target, two at a time, the second pass into the target's format. It keeps no relations between
tracks, proves nothing and makes no disc; where the ceiling is in the way it compresses. As it
takes long, it runs on the first tracks alone: what counts is its speed.

    python benchmarks/release.py                              # 12 and 45 minutes, and the peer
    python benchmarks/release.py --minutes 3 --tracks 4       # a short run of one size
    python benchmarks/release.py --minutes 3 --stages         # and where the time goes
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ledger import record  # type: ignore[import-not-found]  # beside this script
from mastering import PRESET, make_mix  # type: ignore[import-not-found]  # beside this script

GOAL = 25.0
"""Times real time a target."""

MOST_GROWTH_MB = 64.0
"""How much more memory 45 minutes may take than 12."""

LENGTHS = (12.0, 45.0)
TRACKS = 12
THREADS = 2
PEER_TRACKS = 2

TARGETS = (
    "spotify",
    "apple-music",
    "distributor",
    "cd",
    "vinyl",
    "download-flac",
    "download-mp3",
    "download-opus",
)
"""Two stores, what distributors take, a disc, a record, and downloads: WAV, FLAC, MP3, Opus."""

LOUDNORM = {
    "spotify": (-14.0, -1.0, ("flac", "-c:a", "flac", "-sample_fmt", "s32")),
    "apple-music": (-16.0, -1.0, ("wav", "-c:a", "pcm_s24le")),
    "distributor": (-14.0, -0.3, ("wav", "-c:a", "pcm_s16le")),
    "cd": (-14.0, -0.3, ("wav", "-c:a", "pcm_s16le")),
    "vinyl": (-16.0, -3.0, ("wav", "-c:a", "pcm_s24le")),
    "download-flac": (-14.0, -1.0, ("flac", "-c:a", "flac", "-sample_fmt", "s32")),
    "download-mp3": (-14.0, -1.0, ("mp3", "-c:a", "libmp3lame", "-b:a", "320k")),
    "download-opus": (-14.0, -1.0, ("opus", "-c:a", "libopus", "-b:a", "160k")),
}
"""What a script would ask FFmpeg for: loudness, ceiling, container and encoder."""


def make_album(folder: Path, minutes: float, tracks: int, targets: tuple[str, ...]) -> Path:
    """Write the mixes, a cover and the document; return the document."""
    import numpy as np
    from PIL import Image

    ramp = np.linspace(0, 255, 3000).astype(np.uint8)
    picture = Image.fromarray(np.broadcast_to(ramp, (3000, 3000)).copy()).convert("RGB")
    picture.save(folder / "cover.png")
    (folder / "chain.toml").write_text(
        PRESET.replace("input_lufs", "integrated_lufs = -14.0\ninput_lufs")
    )
    lines = [
        'format = 1\nkind = "release"\ntitle = "Benchmark"\nartist = "The Benchmarks"',
        'upc = "036000291452"\nlabel = "None"\ndate = 2026-11-20\ngenre = "Rock"',
        'art = "cover.png"\ncopyright = "2026 None"\nphonographic = "2026 None"',
        f"targets = {json.dumps(list(targets))}",
        '[master]\npreset = "chain.toml"',
    ]
    for number in range(1, tracks + 1):
        make_mix(folder / f"{number:02d}.wav", round(60.0 * minutes / tracks))
        lines.append(
            f'[[track]]\nmix = "{number:02d}.wav"\ntitle = "Track {number}"\n'
            f'isrc = "QZ-AB1-26-{number:05d}"\nwriters = ["A. Writer"]\nexplicit = false'
        )
    document = folder / "album.toml"
    document.write_text("\n".join(lines) + "\n")
    return document


class Stages:
    """Wall and processor seconds of each stage, from what a build tells of itself."""

    def __init__(self) -> None:
        self._last = "planning"
        self._since = self._now()
        self.spent: dict[str, tuple[float, float]] = {}

    @staticmethod
    def _now() -> tuple[float, float]:
        return time.perf_counter(), time.process_time()

    def tell(self, what: str, done: float) -> None:
        """Take word of the build."""
        del done
        if what == self._last:
            return
        now = self._now()
        wall, cpu = self.spent.get(self._last, (0.0, 0.0))
        spent = (wall + now[0] - self._since[0], cpu + now[1] - self._since[1])
        self.spent[self._last] = spent
        self._last, self._since = what, now


def child(document: Path, output: Path) -> None:
    """Build once; print seconds, processor seconds, megabytes and stages as JSON."""
    from mixmaster.release.plan import ReleaseOptions, plan_release
    from mixmaster.release.run import build

    wall, cpu = time.perf_counter(), time.process_time()
    stages = Stages()
    run = build(plan_release(document, ReleaseOptions(threads=THREADS)), output, stages.tell)
    stages.tell("", 1.0)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if run.exit_code:
        raise SystemExit(f"refused: {run.refused}")
    faulty = [proof.path for proof in run.proofs if proof.faults]
    if faulty:
        raise SystemExit(f"not proven: {faulty}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    said = {"wall": wall, "cpu": cpu, "peak": peak, "files": len(run.made), "stages": stages.spent}
    print(json.dumps(said))


def built(folder: Path, minutes: float, tracks: int, targets: tuple[str, ...]) -> dict[str, object]:
    """Build an album in a process of its own; return what it says."""
    document = make_album(folder, minutes, tracks, targets)
    command = [sys.executable, __file__, "--child", str(document), str(folder / "release")]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, object] = json.loads(said)
    return found


def normalised(mix: Path, target: str, output: Path) -> None:
    """Make one master as a script would: loudnorm measures, then loudnorm does."""
    lufs, ceiling, (suffix, *encoder) = LOUDNORM[target]
    aims = f"loudnorm=I={lufs}:TP={ceiling}:LRA=20"
    quiet = ["ffmpeg", "-hide_banner", "-nostats", "-y", "-threads", "1", "-i", str(mix)]
    first = subprocess.run(
        [*quiet, "-af", f"{aims}:print_format=json", "-f", "null", "-"],
        check=True,
        capture_output=True,
        text=True,
    ).stderr
    said = json.loads(first[first.rindex("{") : first.rindex("}") + 1])
    measured = ":".join(
        f"measured_{name}={said[f'input_{key}']}"
        for name, key in (("I", "i"), ("TP", "tp"), ("LRA", "lra"), ("thresh", "thresh"))
    )
    rate = "48000" if suffix == "opus" else "44100"
    second = f"{aims}:{measured}:offset={said['target_offset']}:linear=true"
    subprocess.run(
        [*quiet, "-af", second, "-ar", rate, *encoder, str(output.with_suffix(f".{suffix}"))],
        check=True,
        capture_output=True,
    )


def peer(folder: Path, tracks: int) -> tuple[float, float]:
    """Normalise tracks for every target, two at a time; return wall and processor seconds."""
    jobs = [
        (folder / f"{number:02d}.wav", target, folder / f"peer-{number}-{target}")
        for number in range(1, tracks + 1)
        for target in TARGETS
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda job: normalised(*job), jobs))
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, spent


def report(said: dict[str, object], minutes: float, targets: int) -> float:
    """Print a build's figures; return how many times real time a target is."""
    wall, cpu, peak = (float(str(said[name])) for name in ("wall", "cpu", "peak"))
    times = 60.0 * minutes * targets / wall
    each = 60.0 * minutes * targets / cpu
    print(
        f"| {minutes:g} min, {targets} targets, {said['files']} files | {wall:.1f} | {cpu:.1f} "
        f"| {times:.1f} | {each:.1f} | {peak:.0f} |",
        flush=True,
    )
    return times


def main() -> int:
    """Build, measure, and let the peer try."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, action="append", help="12 and 45 if silent")
    parser.add_argument("--tracks", type=int, default=TRACKS)
    parser.add_argument("--targets", nargs="+", default=TARGETS, metavar="TARGET")
    parser.add_argument("--stages", action="store_true", help="tell where the time goes")
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--child", nargs=2, metavar=("DOCUMENT", "OUTPUT"))
    told = parser.parse_args()
    if told.child:
        child(*map(Path, told.child))
        return 0
    lengths = told.minutes or LENGTHS
    targets = tuple(told.targets)
    print("| album | s | processor s | times real time a target | a core | peak MB |")
    print("|-|-:|-:|-:|-:|-:|")
    times, peaks, other = 0.0, [], None
    for minutes in lengths:
        with tempfile.TemporaryDirectory() as name:
            said = built(Path(name), minutes, told.tracks, targets)
            times = report(said, minutes, len(targets))
            peaks.append(float(str(said["peak"])))
            stages = said["stages"]
            assert isinstance(stages, dict)
            if told.stages:
                for what, (wall, cpu) in stages.items():
                    print(f"|   {what} | {wall:.2f} | {cpu:.2f} | | | |")
            if minutes == lengths[-1] and shutil.which("ffmpeg") and not told.no_peer:
                tracks = min(PEER_TRACKS, told.tracks)
                wall, cpu = peer(Path(name), tracks)
                seconds = 60.0 * minutes / told.tracks * tracks * len(TARGETS)
                other = seconds / wall
                print(
                    f"| FFmpeg loudnorm, two passes, {tracks} tracks | {wall:.1f} | {cpu:.1f} "
                    f"| {other:.1f} | {seconds / cpu:.1f} | |",
                    flush=True,
                )
    growth = peaks[-1] - peaks[0]
    print(f"\n{times:.1f} times real time a target (goal: {GOAL:g})", end="")
    print(f"; {growth:.0f} MB more than {lengths[0]:g} min" if len(peaks) > 1 else "")
    record("release", "an album, a target", times, "times real time", goal=GOAL)
    if len(peaks) > 1:
        what = "memory, 45 min over 12"
        record("release", what, growth, "MB", goal=MOST_GROWTH_MB, better="lower")
    if other is not None:
        record("release", "an album, a target", times / other, "times", peer="FFmpeg loudnorm")
    return 0 if times >= GOAL and growth <= MOST_GROWTH_MB else 1


if __name__ == "__main__":
    sys.exit(main())
