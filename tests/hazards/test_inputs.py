"""Hazards that no single room holds: tried from the outside, as files that somebody was sent."""

from __future__ import annotations

import json
import os
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from mixmaster.audio.source import open_source

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # it forks
SILENT_FRAMES = 40_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory as Linux counts it")
def test_a_small_file_that_unpacks_to_much_is_streamed(tmp_path: Path) -> None:
    path = tmp_path / "silence.flac"
    with sf.SoundFile(path, "w", 48_000, 1, "PCM_16") as file:
        for _ in range(40):
            file.write(np.zeros(SILENT_FRAMES // 40, dtype=np.int16))
    assert path.stat().st_size < 200_000  # 320 MB of float64
    here, there = os.pipe()
    child = os.fork()
    if child == 0:
        import resource

        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with open_source(path) as source:
            frames = sum(block.shape[1] for block in source.blocks())
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        os.write(there, json.dumps([frames, grown]).encode())
        os._exit(0)
    os.close(there)
    with os.fdopen(here, "rb") as told:
        frames, grown_kb = json.loads(told.read())
    os.waitpid(child, 0)
    assert frames == SILENT_FRAMES
    assert grown_kb < 30_000


@pytest.mark.parametrize("name", ["stems.zip", "stems.tar.gz", "stems.7z", "stems.rar"])
@pytest.mark.parametrize("command", [("measure",), ("mix", "-p", "rock-band", "-o", "x.wav")])
def test_archives_are_not_opened(
    name: str,
    command: tuple[str, ...],
    tmp_path: Path,
    mixmaster: Any,
    monkeypatch: Any,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(b"PK\x03\x04" + bytes(200))
    first, *rest = command
    done = mixmaster(first, tmp_path / name, *rest)
    assert done.status == 2
    assert name in done.err
    assert not (tmp_path / "x.wav").exists()


@pytest.mark.parametrize("command", ["measure", "check", "null"])
def test_silence_and_a_moment_are_strict_json(
    command: str,
    stem: Any,
    mixmaster: Any,
) -> None:
    silent = stem("Silence.wav", np.zeros(4_800))
    short = stem("Short.wav", np.full(7, 0.1))
    done = mixmaster(command, silent, short, "--json")
    assert done.status in {0, 1, 2}
    assert done.json is not None  # NaN and Infinity are refused by its reader
    assert "inf" not in done.out.lower().replace("info", "")


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e39])
@pytest.mark.parametrize("kind", ["mp3", "ogg", "opus", "flac", "m4a"])
def test_no_number_that_is_none_reaches_an_encoder(
    bad: float,
    kind: str,
    stem: Any,
    out: Path,
    mixmaster: Any,
) -> None:
    samples = np.full(24_000, 0.1)
    samples[12_000] = bad
    with np.errstate(over="ignore"):
        path = stem("Kick.wav", samples.astype(np.float64), subtype="DOUBLE")
    done = mixmaster("mix", path, "-p", "rock-band", "-o", out / f"mix.{kind}")
    assert done.status == 2
    assert not out.exists()
    if bad != 1e39:
        assert "0.250 s" in done.err
        assert "Kick.wav" in done.err


def test_a_preset_brings_no_code_and_no_path(
    stem: Any,
    out: Path,
    tmp_path: Path,
    mixmaster: Any,
) -> None:
    marker = tmp_path / "ran"
    evil = tmp_path / "evil.vst3"
    evil.write_text(f"open({str(marker)!r}, 'w')\n")
    preset = tmp_path / "p.toml"
    head = 'format = 1\nkind = "mix"\nname = "x"\n[strip.all]\nmatch = ["*"]\n'
    for insert in (
        f'effect = "plugin"\npath = "{evil}"',
        f'effect = "plugin"\nplugin = "{evil}"',
        'effect = "convolution"\nimpulse_response = "/etc/passwd"',
        'effect = "convolution"\nimpulse_response = "../../../etc/passwd"',
        "effect = \"__import__('os')\"",
    ):
        preset.write_text(f"{head}[[strip.all.insert]]\n{insert}\n")
        done = mixmaster("mix", stem("a.wav"), "-p", preset, "-o", out / "m.wav", "--allow-plugins")
        assert done.status == 2, insert
        assert not out.exists()
        assert not marker.exists()


def test_a_manifest_that_is_nested_without_end_is_none(
    stem: Any,
    out: Path,
    mixmaster: Any,
) -> None:
    out.mkdir()
    (out / "m.wav").write_bytes(b"theirs")
    (out / "m.wav.json").write_text("[" * 200_000)
    done = mixmaster("mix", stem("kick.wav"), "-p", "rock-band", "-o", out / "m.wav")
    assert done.status == 2
    assert (out / "m.wav").read_bytes() == b"theirs"


def test_a_header_of_many_chunks_is_walked_to_a_limit(tmp_path: Path, mixmaster: Any) -> None:
    body = b"junk" + struct.pack("<I", 0)
    path = tmp_path / "chunks.wav"
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + 8 * 300_000) + b"WAVE" + body * 300_000)
    done = mixmaster("measure", path)
    assert done.status == 2
    assert "chunks.wav" in done.err
