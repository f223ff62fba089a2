"""What the code never does, whoever writes the next line: a walk over every syntax tree."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "mixmaster"
FILES = sorted(SOURCE.rglob("*.py"))
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_IMPORTS = {
    "webbrowser": "nothing is opened without being asked",
    "urllib.request": "nothing is fetched",
    "http.client": "nothing is fetched",
    "requests": "nothing is fetched",
    "smtplib": "nothing is sent",
    "tarfile": "no archive is unpacked",
    "zipfile": "no archive is unpacked",
    "yaml": "documents are TOML, which holds no code",
    "marshal": "data are no code",
    "shelve": "data are no code",
}
PICKLES = {"batch"}
"""A batch's own processes speak to one another so; tests/batch holds that no file is one."""


def called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_data_become_code_and_nothing_leaves_the_machine(path: Path) -> None:
    room = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    wrong = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            if called(node) in FORBIDDEN_CALLS:
                wrong.append(f"line {node.lineno}: {called(node)}")
            for word in node.keywords:
                value = word.value.value if isinstance(word.value, ast.Constant) else None
                if (word.arg == "shell" and value is not False) or (
                    word.arg == "allow_pickle" and value is not False
                ):
                    wrong.append(f"line {node.lineno}: {word.arg}={value!r}")
        names = []
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
        wrong += [
            f"line {node.lineno}: {each}: {FORBIDDEN_IMPORTS[each]}"
            for each in names
            if each in FORBIDDEN_IMPORTS and isinstance(node, ast.Import | ast.ImportFrom)
        ]
        if "pickle" in names and room not in PICKLES:
            wrong.append("pickle")
    assert wrong == []
