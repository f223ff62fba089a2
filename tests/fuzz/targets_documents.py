"""What is done with a document that may be anything: reading, and every command that takes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.fuzz.cases import Case
from tests.fuzz.documents import MODELS
from tests.fuzz.guard import FaultError
from tests.fuzz.targets_audio import command, whole

from mixmaster.documents.loading import load, load_text
from mixmaster.documents.writing import to_toml
from mixmaster.errors import MixmasterError

DOORS: dict[str, tuple[str, ...]] = {
    "mix": (
        "presets check {doc} --json",
        "presets show {doc}",
        "mix {stems} -p {doc} --dry-run --json",
        "mix {stems} -p {doc} -o {out}/mix.wav --json",
        "mix {stems} -p {doc} -o {out}/all --versions all --stems --json",
        "diff {doc} flat --json",
        "check {stems} --json",
        "init {stems} -p {doc} -o {out}/song.toml --json",
    ),
    "mastering": (
        "presets check {doc} --json",
        "master {mix} -p {doc} -t spotify -o {out} --json",
        "master {mix} -p {doc} -t cd -o {out} --gain-match all --stages --json",
        "diff {doc} transparent --json",
    ),
    "target": (
        "presets check {doc} --json",
        "master {mix} -p transparent -t {doc} -o {out} --json",
        "check {mix} -t {doc} --json",
        "preview {mix} -t {doc} --only places --json",
        "report {mix} -t {doc} -o {out}/page.html",
    ),
    "profile": (
        "presets check {doc} --json",
        "profile show {doc} --json",
        "profile show {doc} {mix} --json",
        "master {mix} -p transparent --profile {doc} -t spotify -o {out} --json",
    ),
    "system": (
        "presets check {doc} --json",
        "preview {mix} --only systems --on {doc} --json",
        "preview {mix} --only systems --on {doc} -o {out} --json",
    ),
    "session": (
        "presets check {doc} --json",
        "mix {doc} --dry-run --json",
        "mix {doc} -o {out}/mix.wav --json",
        "mix {doc} -o {out}/all --versions all --stems --json",
        "render {doc} -o {out} --json",
        "check {doc} --json",
        "diff {doc} flat --json",
    ),
    "release": (
        "presets check {doc} --json",
        "release {doc} --dry-run --json",
        "release {doc} -o {out}/release --draft --json",
        "release {doc} -o {out}/release -t cd --draft --json",
    ),
    "batch": (
        "batch {doc} --dry-run -o {out}/night",
        "batch {doc} --dry-run",
        "status {doc} -o {out}/night --json",
    ),
}


def document(case: Case, root: Path) -> dict[str, Any]:
    """Read a document, write it out and read it again; then let commands have it."""
    kind = str(case.said["kind"])
    inside = root / "in"
    path = inside / "doc.toml"
    model = MODELS[kind]
    reached: dict[str, Any] = {}
    try:
        read = load(model, path)
    except MixmasterError as error:
        reached["load"] = type(error).__name__
        if len(str(error)) > 200_000:
            raise FaultError(f"an error of {len(str(error))} characters") from error
    else:
        reached["load"] = "ok"
        again = load_text(model, to_toml(read))
        if again != read:
            raise FaultError("written out and read again it is another document")
    for words in case.said["doors"]:
        told = [
            word.format(doc=path, mix=inside / "mix.wav", stems=inside / "stems", out=root / "out")
            for word in str(words).split()
        ]
        door = " ".join(str(words).split()[:2]).replace("{", "").replace("}", "")
        reached[door] = command(told, root)
    whole(root / "out")
    return reached


def folder(case: Case, root: Path) -> dict[str, Any]:
    """Let the commands have a folder that read it back."""
    reached: dict[str, Any] = {}
    for words in case.said["doors"]:
        told = [w.format_map({"in": root / "in", "out": root / "out"}) for w in str(words).split()]
        reached[" ".join(told[:2]).split("/")[0]] = command(told, root)
    whole(root / "out")
    return reached


def words(case: Case, root: Path) -> dict[str, Any]:
    """Run the command line with words that may be anything."""
    inside = root / "in"
    places = {"in": inside, "mix": inside / "mix.wav", "stems": inside / "stems"}
    told = []
    for word in case.said["words"]:
        text = str(word)
        for name, path in (*places.items(), ("out", root / "out")):
            text = text.replace(f"{{{name}}}", str(path))
        told.append(text.replace("{{", "{").replace("}}", "}"))
    return {told[0][:20] if told else "": command(told, root)}
