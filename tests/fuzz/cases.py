"""One attempt: what it does, the files it does it to, and how it is kept on disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

FOUND = Path(__file__).parent / "found"


@dataclass(frozen=True)
class Case:
    """Files, and what is done to them.

    Attributes:
        target: Which of `targets.TARGETS`.
        files: The files of the folder ``in``, by their paths in it.
        links: Symbolic links in it: path and where they lead.
        said: What the target is told beside its files.
        how: What was done to good files to come here, for people.
    """

    target: str
    files: dict[str, bytes]
    links: dict[str, str] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    how: tuple[str, ...] = ()

    def write(self, folder: Path, *, with_links: bool = True) -> None:
        """Lay the files out in a folder."""
        for name, data in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        for name, leads in self.links.items() if with_links else ():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(leads)

    def with_file(self, name: str, data: bytes) -> Case:
        """Return the case with one file changed."""
        return replace(self, files={**self.files, name: data})

    def without_file(self, name: str) -> Case:
        """Return the case with one file fewer."""
        return replace(self, files={n: d for n, d in self.files.items() if n != name})

    def save(self, folder: Path, why: Sequence[str]) -> None:
        """Keep the case, with what was wrong."""
        self.write(folder / "in", with_links=False)
        record = {
            "target": self.target,
            "links": self.links,
            "said": self.said,
            "how": list(self.how),
            "why": list(why),
        }
        (folder / "case.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def kept(folder: Path) -> Case:
    """Return the case that `Case.save` has written."""
    record = json.loads((folder / "case.json").read_text(encoding="utf-8"))
    inside = folder / "in"
    files = {
        path.relative_to(inside).as_posix(): path.read_bytes()
        for path in sorted(inside.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
    return Case(
        record["target"], files, dict(record["links"]), dict(record["said"]), tuple(record["how"])
    )
