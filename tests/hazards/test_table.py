"""docs/security.md names a test for every hazard and promise; each must exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"
TESTS = re.compile(r"`([\w/]+\.py)(?:::(\w+))?`")
SECTIONS = (
    "What is read",
    "Numbers",
    "What is written",
    "Faults",
    "Presets, plugins and projects",
    "Decoding apart",
    "Other systems",
    "What people expect",
)


def rows() -> list[str]:
    """Return the rows of all tables that point to tests."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    tables = [line for line in lines if line.startswith("| ") and line.count("|") >= 4]
    return [line for line in tables if "`" in line and ".py" in line]


@cache
def defined(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_section_has_its_table() -> None:
    text = PAGE.read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert [each for each in SECTIONS if each not in headings] == []
    assert len(rows()) >= 55


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row).split("|")[1].strip()[:60])
def test_each_hazard_has_a_test(row: str) -> None:
    named = TESTS.findall(row)
    assert named, "no test is named"
    for file, name in named:
        path = ROOT / "tests" / file
        assert path.is_file(), file
        assert not name or name in defined(path), f"{file} has no {name}"
