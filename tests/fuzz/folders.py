"""Folders that were made here and then got into other hands: releases, masters with manifests,
A/B pages with listeners' answers."""

from __future__ import annotations

import json
import random
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from tests.fuzz.documents import changed_tree
from tests.fuzz.sounds import signal
from tests.fuzz.toml import Raw
from tests.fuzz.values import PATHS, TEXTS

from mixmaster.audio.formats import FileSpec
from mixmaster.audio.sink import open_sink
from mixmaster.cli.app import run
from mixmaster.pages.ab.data import RESULTS_SCHEMA

Random = random.Random
Files = dict[str, bytes]

_ALBUM = """format = 1
kind = "release"
title = "North"
artist = "The Owls"
date = 2026-11-20
targets = ["spotify", "cd", "vinyl"]
art = "cover.png"
upc = "036000291452"
catalogue_number = "OWL-1"
master = { preset = "transparent" }
[[track]]
title = "One"
mix = "one.wav"
isrc = "QZABC2600001"
[[track]]
title = "Two"
mix = "two.wav"
isrc = "QZABC2600002"
"""


@cache
def folder(kind: str) -> Files:
    """Return the files of a good folder: ``release``, ``masters`` or ``ab``."""
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        for number, song in enumerate(("one", "two"), start=1):
            with open_sink(top / f"{song}.wav", FileSpec("wav", 16, 44_100, number)) as sink:
                sink.write(signal(44_100, number, 4.2 if kind == "release" else 0.7, seed=number))
        made = {"release": _release, "masters": _masters, "ab": _ab}[kind](top)
        return {
            path.relative_to(made).as_posix(): path.read_bytes()
            for path in sorted(made.rglob("*"))
            if path.is_file()
        }


def _ran(words: list[str]) -> None:
    if run(words) not in {0, 1}:
        raise RuntimeError(f"{words} of a good folder")


def _release(top: Path) -> Path:
    from PIL import Image

    Image.new("RGB", (64, 64), (20, 40, 90)).save(top / "cover.png")
    (top / "album.toml").write_text(_ALBUM, "utf-8")
    _ran(["release", str(top / "album.toml"), "-o", str(top / "out"), "--draft"])
    return top / "out"


def _masters(top: Path) -> Path:
    stems = top / "stems"
    stems.mkdir()
    (top / "one.wav").rename(stems / "kick.wav")
    (top / "two.wav").rename(stems / "Vocal.wav")
    _ran(["mix", str(stems), "-p", "flat", "-o", str(top / "mix.wav")])
    _ran(["mix", str(stems), "-p", "flat", "-o", str(top / "mix2.wav"), "--set", "mix.gain_db=-1"])
    words = ["master", str(top / "mix.wav"), "-p", "transparent", "-t", "spotify"]
    _ran([*words, "-o", str(top / "masters")])
    return top


def _ab(top: Path) -> Path:
    words = ["compare", str(top / "one.wav"), str(top / "two.wav"), "--no-align"]
    _ran([*words, "-m", "transparent", "-o", str(top / "out")])
    session = json.loads((top / "out" / "mixmaster-ab.json").read_text("utf-8"))["session"]
    versions = [{key: v[key] for key in ("id", "key", "name")} for v in session["versions"]]
    first, second = versions[0]["id"], versions[-1]["id"]
    answers = {
        "schema": RESULTS_SCHEMA,
        "session": session["id"],
        "title": session["title"],
        "listener": "Anna",
        "saved": "2026-11-20T10:00:00Z",
        "versions": versions,
        "abx": [
            {
                "first": first,
                "second": second,
                "level": "matched",
                "planned": 2,
                "seed": 7,
                "trials": [{"x": first, "answer": first}, {"x": second, "answer": first}],
            }
        ],
        "preferences": [{"first": first, "second": second, "preferred": None, "level": "matched"}],
        "blind": [
            {
                "level": "matched",
                "seed": 7,
                "order": [first, second],
                "ratings": {first: 4},
                "favourite": first,
            }
        ],
        "ratings": {first: 5},
        "notes": [{"version": None, "time_s": 0.1, "text": "Fine."}],
        "chosen": first,
    }
    (top / "out" / "anna.json").write_text(json.dumps(answers), "utf-8")
    return top / "out"


def mutated(rng: Random, kind: str) -> tuple[Files, dict[str, str], tuple[str, ...]]:
    """Return a folder's files and links with something wrong, and what."""
    files = dict(folder(kind))
    links: dict[str, str] = {}
    how = [kind]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        texts = [name for name in files if name.endswith(".json")]
        if texts and rng.random() < 0.65:
            name = rng.choice(texts)
            files[name], words = _json(rng, files[name])
            how.append(f"{name}: {words}")
        else:
            how.append(_file(rng, files, links))
    return files, links, tuple(how)


def _json(rng: Random, data: bytes) -> tuple[bytes, str]:
    if rng.random() < 0.1:
        at = rng.randrange(len(data) + 1)
        junk = rng.choice((b"", b"[" * 100_000, b"\xff\xfe", b"NaN", b"1" * 5_000, b"\0"))
        return data[:at] + junk + (data[at:] if rng.random() < 0.5 else b""), "text broken"
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):  # broken already
        return data[: len(data) // 2], "cut"
    if not isinstance(tree, dict):
        return data[: len(data) // 2], "cut"
    how = [changed_tree(rng, tree) for _ in range(rng.choice((1, 1, 2, 4)))]
    try:
        return json.dumps(_plain(tree)).encode("utf-8", "replace"), "; ".join(how)
    except (ValueError, RecursionError):
        return b"[" * 2_000, "brackets"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Raw):
        return value.text[:100]
    if isinstance(value, int) and value.bit_length() > 10_000:
        return 10**4_000
    return value if isinstance(value, int | float | str | bool | None) else str(value)


def _file(rng: Random, files: Files, links: dict[str, str]) -> str:
    name = rng.choice(sorted(files))
    data = files[name]
    other = rng.choice(sorted(files))
    kind = rng.randrange(9)
    if kind == 0:
        del files[name]
        return f"{name} gone"
    if kind == 1:
        files[name] = data[: rng.randrange(len(data) + 1)]
        return f"{name} cut"
    if kind == 2 and data:
        out = bytearray(data)
        for _ in range(rng.choice((1, 8, 64))):
            out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
        files[name] = bytes(out)
        return f"bits of {name} turned"
    if kind == 3:
        files[name], files[other] = files[other], data
        return f"{name} and {other} swapped"
    if kind == 4:
        files[name] = b""
        return f"{name} empty"
    if kind == 5:
        del files[name]
        links[name] = rng.choice(("/etc/passwd", "/dev/zero", "../..", name.split("/")[-1]))
        return f"{name} a link to {links[name]}"
    if kind == 6:
        new = f"{name}.{rng.choice(('wav', 'json', 'part', 'flac'))}"
        files[new] = data
        return f"{new} beside it"
    if kind == 7:
        files[name] = data.replace(b"\r\n", b"\n") if rng.random() < 0.3 else data + b"\n" + data
        return f"{name} doubled"
    words = rng.choice((*TEXTS, *PATHS)).encode("utf-8", "replace")[:2_000]
    at = rng.randrange(len(data) + 1)
    files[name] = data[:at] + words + data[at:]
    return f"words put into {name} at {at}"


DOORS: dict[str, tuple[str, ...]] = {
    "release": (
        "release check {in} --json",
        "release check {in} --all",
        "release signature {in} -o {out}/s.toml",
    ),
    "masters": (
        "rerender {in}/mix.wav.json --json",
        "rerender {in}/mix.wav.json -o {out}/again.wav --json",
        "rerender {in}/masters/mix_spotify.wav.json --json --stems {in}",
        "rerender {in}/masters/mix_spotify.wav -o {out}/again.wav --json --stems {in}",
        "diff --audio {in}/mix.wav.json {in}/mix2.wav.json --json",
        "diff {in}/mix.wav.json {in}/mix2.wav.json --json",
    ),
    "ab": (
        "compare results {in} --json",
        "compare results {in}",
        "compare results {in}/anna.json --json",
        "compare choose {in} transparent -o {out}/chosen.toml --json",
        "compare choose {in} one -o {out}/chosen.toml --json",
    ),
}
