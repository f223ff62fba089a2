"""The pictures alone: what is drawn is there, whatever the file and its name."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from tests.pages.subjects import HOSTILE_NAMES, KINDS, renamed, subject

from mixmaster.pages.axes import WIDE
from mixmaster.pages.pictures import file_names, pictures
from mixmaster.pages.png import HEADER_HEIGHT, MARGIN, SCALE, drawable, png
from mixmaster.pages.scene import Area, Line, Panel, Polyline, Rect, Scene
from mixmaster.pages.stereo import correlation_scene
from mixmaster.pages.theme import DARK, LIGHT


def pixels(content: bytes) -> npt.NDArray[np.uint8]:
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        assert image.format == "PNG"
        assert image.mode == "RGB"
        return np.asarray(image)


def at(picture: npt.NDArray[np.uint8], x: float, y: float) -> tuple[int, ...]:
    """Return the colour at a place of the scene."""
    row, column = round((y + HEADER_HEIGHT) * SCALE), round((x + MARGIN) * SCALE)
    return tuple(int(v) for v in picture[row, column])


def test_marks_are_where_they_are_said_to_be() -> None:
    scene = Scene(
        200.0,
        100.0,
        "t",
        "d",
        (
            Rect(0.0, 0.0, 50.0, 50.0, "s0"),
            Area(np.array([[100.0, 0.0], [150.0, 0.0], [150.0, 50.0], [100.0, 50.0]]), "s1"),
            Line(0.0, 75.0, 200.0, 75.0, "fault", 4.0),
        ),
    )
    picture = pixels(png(scene))
    assert picture.shape == ((100 + 60) * SCALE, (200 + 28) * SCALE, 3)
    assert at(picture, 25.0, 25.0) == LIGHT.rgb("s0")
    assert at(picture, 125.0, 25.0) == LIGHT.rgb("s1")
    assert at(picture, 100.0, 75.0) == LIGHT.rgb("fault")
    assert at(picture, 75.0, 25.0) == LIGHT.rgb("paper")
    assert at(pixels(png(scene, theme=DARK)), 75.0, 25.0) == DARK.rgb("paper")


def test_what_leaves_its_field_is_cut_off() -> None:
    curve = Polyline(np.array([[-50.0, -50.0], [250.0, 250.0]]), "s0", 6.0)
    picture = pixels(png(Scene(200.0, 200.0, "", "", (Panel(50.0, 50.0, 100.0, 100.0, (curve,)),))))
    assert at(picture, 100.0, 100.0) == LIGHT.rgb("s0")
    assert at(picture, 40.0, 40.0) == LIGHT.rgb("paper")
    assert at(picture, 160.0, 160.0) == LIGHT.rgb("paper")


def test_what_is_half_transparent_lies_between_the_colours() -> None:
    picture = pixels(png(Scene(50.0, 50.0, "", "", (Rect(0, 0, 50, 50, "ink", opacity=0.5),))))
    middle = [(a + b) / 2.0 for a, b in zip(LIGHT.rgb("ink"), LIGHT.rgb("paper"), strict=True)]
    assert at(picture, 25.0, 25.0) == pytest.approx(middle, abs=1.5)


def test_edges_are_smooth() -> None:
    slope = Polyline(np.array([[0.0, 0.0], [200.0, 40.0]]), "ink", 3.0)
    picture = pixels(png(Scene(200.0, 50.0, "", "", (slope,))))
    body = picture[round(HEADER_HEIGHT * SCALE) :, :, 0]
    between = (body > LIGHT.rgb("ink")[0] + 20) & (body < LIGHT.rgb("paper")[0] - 20)
    assert between.sum() > 300


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_has_its_pictures(kind: str) -> None:
    found = {picture.name: picture.content for picture in pictures([subject(kind)])}
    words = {name.rpartition("_")[2] for name in found}
    stereo = {"correlation.png", "stereo.png"} if kind != "mono" else set()
    assert words == {"waveform.png", "loudness.png", "spectrum.png"} | stereo
    for content in found.values():
        assert pixels(content).shape[1] == (960 + 28) * SCALE


def test_a_picture_repeats_to_the_byte_and_says_where_it_comes_from() -> None:
    scene = correlation_scene(subject("stereo"), WIDE)
    content = png(scene, "stereo.wav")
    assert png(scene, "stereo.wav") == content
    with Image.open(io.BytesIO(content)) as image:
        assert image.info["Software"] == "mixmaster"


def test_several_files_have_pictures_together() -> None:
    names = [picture.name for picture in pictures([subject("stereo"), subject("mono")])]
    assert names[:3] == ["together_levels.png", "together_loudness.png", "together_spectrum.png"]
    assert len(set(names)) == len(names) == 3 + 5 + 3


def test_names_of_pictures_are_harmless_and_differ() -> None:
    wild = ("../../etc/passwd", "", "a b", "A?b", "together", "x" * 300)
    names = file_names([*HOSTILE_NAMES, *wild])
    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        assert name
        assert len(name.encode()) <= 90
        assert not set(name) & set("/\\<>\"'|?*: \0")
        assert not name.startswith(".")


def test_letters_that_the_type_lacks_become_others() -> None:
    assert drawable("−14.0 LUFS – Café") == "-14.0 LUFS - Cafe"
    assert drawable("東") == "?"


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_any_name_can_be_drawn(name: str) -> None:
    scene = correlation_scene(renamed(subject("stereo"), name), WIDE)
    assert pixels(png(scene, name)).shape[2] == 3
