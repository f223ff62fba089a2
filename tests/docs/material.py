"""What documents speak of and does not lie in the repository: made here, short, and only once.

``NEEDS`` says for each document which of it lies in the folder where its examples are run;
``CANNOT_RUN`` which examples are not run, and why.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import soundfile as sf
from tests.docs.examples import ROOT

SECONDS: Final = 3.0
"""How much of each demo stem stands for a stem of the reader's."""

FROM_S: Final = 10.0
"""Where it begins: all play there."""


class Material:
    """Makes what is asked for, each thing once, in one folder.

    Args:
        folder: Where.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, name: str) -> Path:
        """Return a thing by its name: that of a function below."""
        path = self.folder / name
        if not path.exists():
            _MAKERS[name](self, path)
        return path

    def lay(self, needs: Mapping[str, str], scratch: Path) -> None:
        """Copy things to the places where a document has them."""
        for place, name in needs.items():
            source, target = self.get(name), scratch / place
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copyfile(source, target)


def _run(*arguments: str | Path) -> None:
    from mixmaster.cli.app import run

    assert run([str(each) for each in arguments]) == 0, arguments


def _stems(_: Material, path: Path) -> None:
    _cut(path, FROM_S, SECONDS)


def _readme(_: Material, path: Path) -> None:
    """Cut the demo song to what the README's longest section needs."""
    _cut(path, 4.0, 9.0)


def _cut(path: Path, from_s: float, seconds: float) -> None:
    path.mkdir(parents=True)
    for stem in sorted((ROOT / "test_audio").glob("*.flac")):
        with sf.SoundFile(stem) as file:
            file.seek(int(from_s * file.samplerate))
            samples = file.read(int(seconds * file.samplerate))
            sf.write(path / stem.name, samples, file.samplerate, "PCM_16")


def _demo(_: Material, path: Path) -> None:
    path.mkdir()
    for stem in sorted((ROOT / "test_audio").glob("*.flac")):
        (path / stem.name).symlink_to(stem)


def _mix(material: Material, path: Path) -> None:
    _run("mix", material.get("stems"), "-p", "rock-band", "-o", path)


def _other_mix(material: Material, path: Path) -> None:
    _run("mix", material.get("stems"), "-p", "jazz", "-o", path)


def _short(material: Material, path: Path) -> None:
    samples, rate = sf.read(material.get("mix.wav"), stop=2 * 44_100)
    sf.write(path, samples, rate, "FLOAT")


def _master(material: Material, path: Path) -> None:
    _run("master", material.get("short.wav"), "-p", "transparent", "-t", "streaming", "-o", path)


def _session(material: Material, path: Path) -> None:
    """Write a session into a folder of its own, its stems beside it."""
    path.mkdir()
    shutil.copytree(material.get("stems"), path / "stems")
    song = path / "song.toml"
    _run("init", path / "stems", "-p", "rock-band", "-o", song, "--tempo-bpm", "96")
    with song.open("a", encoding="utf-8") as file:
        file.write(
            '\n[[version.clean.timed_mute]]\nmute = ["lead_vocal"]\nstart = 2.0\nend = 2.5\n'
        )


def _record(material: Material, path: Path) -> None:
    samples, rate = sf.read(material.get("other.wav"))
    sf.write(path, samples, rate)


def _cover(_: Material, path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (3000, 3000), (20, 24, 40)).save(path, quality=80)


def _jobs(_: Material, path: Path) -> None:
    path.write_text(
        'format = 1\nkind = "batch"\nname = "Night"\noutput = "out"\nmasters = ["loud"]\n'
        'targets = ["spotify", "cd"]\n[[song]]\npath = "songs/*/song.toml"\n',
        encoding="utf-8",
    )


def _release(material: Material, path: Path) -> None:
    """Build the smallest release: a draft of one track for one target."""
    document = path.parent / "release-of-one" / "album.toml"
    document.parent.mkdir()
    document.write_text(
        'format = 1\nkind = "release"\ntitle = "One"\nartist = "Anna"\n'
        'targets = ["download-flac"]\n'
        f'[[track]]\nmaster = "{material.get("master.wav").as_posix()}"\ntitle = "One"\n',
        encoding="utf-8",
    )
    _run("release", document, "-o", path, "--draft")


_MAKERS: Final[dict[str, Callable[[Material, Path], None]]] = {
    "demo": _demo,
    "readme": _readme,
    "stems": _stems,
    "mix.wav": _mix,
    "other.wav": _other_mix,
    "short.wav": _short,
    "master.wav": _master,
    "session": _session,
    "cover.jpg": _cover,
    "jobs.toml": _jobs,
    "release": _release,
    "record.flac": _record,
    "session/song.toml": lambda material, _: (material.get("session"), None)[1],
}

NEEDS: Final[dict[str, dict[str, str]]] = {
    "README.md": {"test_audio": "readme"},
    "docs/batch.md": {"songs/night-drive": "session", "jobs.toml": "jobs.toml"},
    "docs/cookbook.md": {
        "stems": "stems",
        "mix.wav": "short.wav",
        "record.flac": "record.flac",
    },
    "docs/playback.md": {
        "master.wav": "master.wav",
        "album/1.flac": "record.flac",
        "album/2.flac": "record.flac",
    },
    "docs/profiles.md": {
        "album/1.flac": "record.flac",
        "album/2.flac": "record.flac",
        "mix.wav": "mix.wav",
        "master.wav": "master.wav",
        "record.flac": "record.flac",
    },
    "docs/proof.md": {"release": "release"},
    "docs/release.md": {
        "mixes/01 Ragtime.wav": "mix.wav",
        "mixes/02 Demo.wav": "other.wav",
        "cover.jpg": "cover.jpg",
    },
    "docs/python.md": {"test_audio": "stems"},
    "docs/sessions.md": {"stems": "stems"},
    "docs/tour.md": {"stems": "demo"},
    "docs/versions.md": {"song.toml": "session/song.toml", "stems": "stems"},
}
"""What lies in the folder of a document beforehand: its place there, and what it is."""


def _fill_in(document: Path) -> None:
    """Write down what a release document from ``release init`` leaves to its owner."""
    text = document.read_text(encoding="utf-8")
    filled = {
        'artist = ""': 'artist = "The Seeds"',
        '# upc = "000000000000"': 'upc = "036000291452"',
        '# label = ""': 'label = "Blue Hour"',
        '# art = "cover.jpg"': 'art = "cover.jpg"',
        '# genre = ""': 'genre = "Jazz"',
        '"streaming", "cd"': '"cd"',  # stores take no tracks under 30 s, as those here are
    }
    for gap, words in filled.items():
        assert gap in text, gap
        text = text.replace(gap, words)
    document.write_text(text, encoding="utf-8")


def _revise(folder: Path) -> None:
    """Turn the kick down in a copy of the session."""
    text = (folder / "song.toml").read_text(encoding="utf-8")
    revised = re.sub(
        r"^strip.kick.gain_db = .*", "strip.kick.gain_db = -6.0", text, flags=re.MULTILINE
    )
    assert revised != text
    (folder / "song-2.toml").write_text(revised, encoding="utf-8")


AFTERWARDS: Final[dict[str, dict[str, Callable[[Path], None]]]] = {
    "docs/release.md": {
        "mixmaster release init mixes/ -o album.toml": lambda folder: _fill_in(
            folder / "album.toml"
        ),
    },
    "docs/sessions.md": {
        "mixmaster init stems/ -p rock-band -o song.toml": _revise,
    },
}
"""What a reader does by hand, and behind which command."""

STATUS: Final[dict[str, dict[str, int]]] = {
    "docs/sessions.md": {"mixmaster diff song.toml song-2.toml": 1},  # they differ
}
"""Which commands end with another status than 0, as they should."""

_WATCH: Final = "watches until Ctrl-C; tests/batch/test_watch.py presses it"
_CLUSTER: Final = "needs the machines of a cluster; tests/batch/test_cluster.py starts one"

CANNOT_RUN: Final[dict[str, dict[str, str]]] = {
    "README.md": {
        "mixmaster render daisy_daisy/ -p rock-band -m transparent "
        "-t spotify -t apple-music -t ebu-r128 -t cd -o masters/": "a band's own stems",
    },
    "docs/batch.md": {
        "mixmaster watch songs/ -p rock-band -m loud -t spotify -o out/": _WATCH,
        "mixmaster watch jobs.toml --interval 5 --settle 10": _WATCH,
    },
    "docs/tour.md": {
        "mixmaster demo --stems-only stems/": "writes test_audio/ again, which a test compares",
    },
    "docs/cluster.md": {
        "mixmaster batch jobs.toml": "the same as in docs/batch.md",
        "mixmaster batch jobs.toml --cluster tcp://scheduler:8786": _CLUSTER,
        "mixmaster batch 's3://music/songs/*' ... -o s3://music/masters "
        "--cluster tcp://scheduler:8786": _CLUSTER,
        "mixmaster batch /shared/jobs.toml --cluster tcp://first:8786": _CLUSTER,
        "mixmaster batch jobs.toml --cluster tls://first:8786 "
        "--cluster-tls certificates/": _CLUSTER,
    },
}
"""Which examples are not run, by their exact text without remarks, and why."""

ELSEWHERE: Final = {"docs/contributing.md": "tests/docs/test_contributing.py"}
"""Documents whose examples have a test of their own."""
