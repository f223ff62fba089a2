"""docs/tags.md says where each field goes, as it is declared."""

from __future__ import annotations

from pathlib import Path

import pytest

from mixmaster.audio.tags.fields import FREEFORM, TEXTS, Text

PAGE = Path(__file__).parents[3] / "docs" / "tags.md"


@pytest.mark.parametrize("field", TEXTS, ids=lambda field: field.name)
def test_the_table_says_where(field: Text) -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    (row,) = [row for row in rows if f"`{field.name}`" in row]
    _, _, id3, vorbis, mp4, info, _ = (cell.strip() for cell in row.split("|"))
    assert (id3, vorbis, mp4) == (field.id3, field.vorbis, field.mp4.removeprefix(FREEFORM))
    assert info == field.info or (field.name == "isrc" and "source" in info)
