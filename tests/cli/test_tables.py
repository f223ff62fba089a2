"""Tables: numbers whole, names whole, lines no wider than the terminal."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.cli.output import figure, table
from mixmaster.cli.tables import Table, cells_of, fold, layout

BRIDGE = table(
    "Meter bridge",
    ("strip or bus", ">in LUFS", ">in peak dBFS", ">out LUFS", ">out peak dBFS", "reduction"),
    [
        ("strip.backing_vocals/13_BGV 1", "-25.5", "-11.0", "-136.3", "-22.8", "–"),
        ("strip.lead_vocal/12_Lead Vox", "-22.4", "-5.5", "-23.8", "-13.7", "peaks 0.3 / 5.2"),
        ("mix", "-19.6", "-4.7", "-19.6", "-4.7", "–"),
    ],
)


def test_with_room_a_row_is_a_line() -> None:
    lines = layout(BRIDGE, None)
    assert len(lines) == 2 + 3
    assert lines[0].split("  ")[1] == "strip or bus"
    assert lines[2] == (
        "  strip.backing_vocals/13_BGV 1    -25.5         -11.0    -136.3          -22.8  –"
    )


@pytest.mark.parametrize("width", [30, 40, 60, 72, 80, 100, 120])
def test_no_figure_is_broken_and_no_name_lost(width: int) -> None:
    lines = layout(BRIDGE, width)
    text = "\n".join(lines)
    for row in BRIDGE.rows:
        for cell in row[1:5]:
            assert re.search(rf"(^|\s){re.escape(cell)}($|\s)", text, re.MULTILINE)
    for row in BRIDGE.rows:  # a folded name goes on at the start of the next lines
        pieces = re.split(r"(?<=[/ ])", row[0])
        assert all(piece.strip() in text for piece in pieces)
    if width >= 60:
        assert max(map(cells_of, lines)) <= width


def test_a_narrow_terminal_gets_records() -> None:
    lines = layout(BRIDGE, 40)
    assert lines[0] == "  strip.backing_vocals/13_BGV 1"
    assert lines[1] == "    in LUFS        -25.5"
    assert len(lines) == 3 * 6


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("strip.toms/03_Toms", 14, ["strip.toms/", "03_Toms"]),
        ("drums → mix", 8, ["drums →", "mix"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("混音混音", 4, ["混音", "混音"]),
        ("", 4, [""]),
    ],
)
def test_folding(text: str, width: int, lines: list[str]) -> None:
    assert fold(text, width) == lines


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=60), st.integers(2, 30))
@settings(deadline=None, max_examples=60)
def test_folding_keeps_every_sign_and_the_width(text: str, width: int) -> None:
    lines = fold(text, width)
    assert all(cells_of(line) <= width for line in lines)
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", text)


@given(
    st.lists(
        st.tuples(st.text("abc/ ü混", min_size=1, max_size=30), st.floats(-999, 999)),
        min_size=1,
        max_size=5,
    ),
    st.integers(20, 140),
)
@settings(deadline=None, max_examples=60)
def test_any_table_keeps_its_figures_whole(rows: list[tuple[str, float]], width: int) -> None:
    cells = tuple((name, figure(value, 2), "x y z") for name, value in rows)
    lines = layout(Table("", ("name", ">a long heading", "words"), cells), width)
    text = "\n".join(lines)
    assert [float(found) for found in re.findall(r"-?\d+\.\d\d", text)] == [
        float(figure(value, 2)) for _, value in rows
    ]


def test_figures() -> None:
    assert figure(None) == "–"
    assert figure(-0.01) == "0.0"
    assert figure(-0.01, sign=True) == "+0.0"
    assert figure(3.14159, 2) == "3.14"


def test_a_cell_can_not_break_the_table() -> None:
    made = table("t\x1b[2J", ("name", ">n"), [("a\nb\x1b[31m\tc", "1")])
    assert "\x1b" not in made.title
    assert made.rows[0][0] == "a\\nb\\x1b[31m\\tc"
