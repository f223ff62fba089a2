"""Pages and pictures in their place: ours are replaced, others' are not, nothing is left half."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.pages.subjects import subject

from mixmaster.errors import OutputError
from mixmaster.pages.page import report_page
from mixmaster.pages.png import png
from mixmaster.pages.scene import Scene
from mixmaster.pages.writing import PAGE_MARK, PICTURE_MARK, check_place, write

PICTURE = png(Scene(10.0, 10.0, "t", "d", ()))


def test_a_page_and_a_picture_carry_their_marks(tmp_path: Path) -> None:
    page = report_page([subject("stereo")]).encode()
    write(tmp_path / "deep" / "er" / "r.html", page, PAGE_MARK)
    write(tmp_path / "p.png", PICTURE, PICTURE_MARK)
    assert (tmp_path / "deep" / "er" / "r.html").read_bytes() == page
    # Ours again: no question.
    write(tmp_path / "deep" / "er" / "r.html", page, PAGE_MARK)
    write(tmp_path / "p.png", PICTURE, PICTURE_MARK)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        "p.png",
        "r.html",
    ]


def test_a_strangers_file_stays_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    path.write_text("<html>mine</html>", encoding="utf-8")
    with pytest.raises(OutputError, match="not made by mixmaster"):
        check_place(path, PAGE_MARK)
    with pytest.raises(OutputError, match="--overwrite"):
        write(path, PAGE_MARK, PAGE_MARK)
    assert path.read_text(encoding="utf-8") == "<html>mine</html>"
    write(path, PAGE_MARK, PAGE_MARK, overwrite=True)
    assert path.read_bytes() == PAGE_MARK
    assert [entry.name for entry in tmp_path.iterdir()] == ["r.html"]


def test_a_mark_far_down_is_no_mark(tmp_path: Path) -> None:
    path = tmp_path / "essay.html"
    path.write_bytes(b"about pages " * 1_000 + PAGE_MARK)
    with pytest.raises(OutputError, match="not made by mixmaster"):
        check_place(path, PAGE_MARK)


def test_a_folder_a_dangling_link_and_a_file_for_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="folder"):
        check_place(tmp_path, PAGE_MARK)
    (tmp_path / "link.html").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError, match="cannot be written"):
        check_place(tmp_path / "link.html", PAGE_MARK)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="not a folder"):
        write(tmp_path / "file" / "r.html", PAGE_MARK, PAGE_MARK)
    assert not list(tmp_path.glob(".*"))
