"""What the documents print is run as printed, in order, in one folder a document.

Commands and Python are run; TOML is read as what it says it is. What is not run is named, with its
reason, in ``tests/docs/material.py``, and so is what must lie in the folder beforehand.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.docs import parts
from tests.docs.examples import DOCUMENTS, ROOT, Example, as_called, examples
from tests.docs.material import AFTERWARDS, CANNOT_RUN, ELSEWHERE, NEEDS, STATUS, Material

WITH_EXAMPLES = [
    name
    for name in DOCUMENTS
    if name not in ELSEWHERE and any(each.kind != "toml" for each in examples(name))
]


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return Material(tmp_path_factory.mktemp("material"))


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, without presets of the developer's own."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    return folder


@pytest.mark.parametrize("document", WITH_EXAMPLES)
def test_every_example_does_what_it_says(
    document: str, scratch: Path, material: Material, capsys: pytest.CaptureFixture[str]
) -> None:
    needs = NEEDS.get(document, {})
    if "test_audio" not in needs:
        (scratch / "test_audio").symlink_to(ROOT / "test_audio")
    material.lay(needs, scratch)
    capsys.readouterr()
    unable = CANNOT_RUN.get(document, {})
    names: dict[str, Any] = {"__name__": document}
    for each in examples(document):
        said = each.said
        if said in unable:
            continue
        if each.kind == "command":
            where = f"{document}:{each.line}: {each.text}"
            _run_command(each, STATUS.get(document, {}).get(said, 0), where, capsys)
            by_hand = AFTERWARDS.get(document, {}).get(said)
            if by_hand:
                by_hand(scratch)
        elif each.kind == "python":
            exec(compile("\n" * (each.line - 1) + each.text, document, "exec"), names)
        elif each.file:
            Path(each.file).write_text(each.text, encoding="utf-8")


def _run_command(
    each: Example, expected: int, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from mixmaster.cli.app import run

    call = as_called(each.text)
    status = run(list(call.arguments))
    printed = capsys.readouterr()
    assert status == expected, f"{where}\n{printed.err}{printed.out}"
    if call.target:
        Path(call.target).write_text(printed.out, encoding="utf-8")
    missing = [line for line in each.shown if not _is_printed(line, printed.out + printed.err)]
    assert not missing, f"{where}\nshown, but not printed:\n" + "\n".join(missing)


def _is_printed(line: str, printed: str) -> bool:
    """Tell whether a line is printed: its words as they are, its figures within 0.2."""
    wanted = _words(line)
    return not wanted or any(_alike(wanted, _words(other)) for other in printed.splitlines())


def _words(line: str) -> list[str]:
    return re.sub(r"\S*/you/", str(Path.cwd()) + "/", line).replace("...", " ... ").split()


def _alike(wanted: list[str], printed: list[str]) -> bool:
    if "..." in wanted:  # what is left out
        cut = wanted.index("...")
        wanted, printed = wanted[:cut], printed[:cut]
    return len(wanted) == len(printed) and all(map(_same, wanted, printed))


def _same(wanted: str, printed: str) -> bool:
    if wanted == printed:
        return True
    try:
        return abs(float(wanted.strip(",")) - float(printed.strip(","))) <= 0.2
    except ValueError:
        return False


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_block_of_toml_is_right(document: str) -> None:
    for each in examples(document):
        if each.kind == "toml":
            parts.check(each.text, f"{document}:{each.line}")


@pytest.mark.parametrize("document", sorted({*CANNOT_RUN, *STATUS, *AFTERWARDS}))
def test_what_is_said_of_single_examples_is_said_of_examples_that_are_there(document: str) -> None:
    printed = {each.said for each in examples(document)}
    for marks in (CANNOT_RUN, STATUS, AFTERWARDS):
        for text in marks.get(document, {}):
            assert text in printed, f"{document} no longer says: {text}"


def test_what_is_said_of_documents_is_said_of_documents_that_are_there() -> None:
    assert set(DOCUMENTS) >= {*NEEDS, *CANNOT_RUN, *STATUS, *AFTERWARDS, *ELSEWHERE}


def test_every_document_is_in_the_index_and_every_link_leads_somewhere() -> None:
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    for document in DOCUMENTS:
        text = (ROOT / document).read_text(encoding="utf-8")
        folder = (ROOT / document).parent
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (folder / link).exists(), f"{document} links to {link}"
        if document.startswith("docs/") and document != "docs/README.md":
            assert f"]({Path(document).name})" in index, f"docs/README.md does not name {document}"
