"""Scenes as PNG pictures, through Pillow: drawn larger and averaged down, so that edges are smooth.

The type is the one that Pillow brings (Aileron, a Latin alphabet); other letters lose their
accents, or become a question mark. The page, which uses the reader's fonts, shows them all.
"""

from __future__ import annotations

import io
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mixmaster.pages.scene import (
    Area,
    Dot,
    Group,
    Line,
    Mark,
    Panel,
    Points,
    Polyline,
    Rect,
    Scene,
    Text,
)
from mixmaster.pages.theme import LIGHT, Theme

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont, ImageFont

SOFTWARE = b"tEXtSoftware\0mixmaster"
"""The chunk by which a picture says where it comes from."""

SCALE = 2
"""Pixels of the picture for one of the scene: sharp on a dense screen and in print."""
OVERSAMPLING = 3
HEADER_HEIGHT = 46.0
MARGIN = 14.0

_PLAIN = str.maketrans({"−": "-", "–": "-", "—": "-", "×": "x", "µ": "u", "→": ">", "≤": "<"})


def png(scene: Scene, subtitle: str = "", theme: Theme = LIGHT) -> bytes:
    """Return a scene as the bytes of a PNG file, with its title above it.

    Args:
        scene: The picture.
        subtitle: Below the title, such as the file's name.
        theme: Its colours.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    factor = SCALE * OVERSAMPLING
    width = scene.width + 2.0 * MARGIN
    height = scene.height + HEADER_HEIGHT + MARGIN
    size = (round(width * SCALE), round(height * SCALE))
    image = Image.new("RGB", (size[0] * OVERSAMPLING, size[1] * OVERSAMPLING), theme.rgb("paper"))
    header = (
        Text(MARGIN, 24.0, scene.title, "ink", 15.0),
        Text(MARGIN, 40.0, subtitle, "muted", 11.0),
    )
    _Canvas(image, theme, factor, (0.0, 0.0)).draw(header)
    _Canvas(image, theme, factor, (MARGIN, HEADER_HEIGHT)).draw(scene.marks)
    said = PngInfo()
    said.add_text("Software", "mixmaster")
    said.add_text("Title", drawable(f"{scene.title}: {subtitle}" if subtitle else scene.title))
    file = io.BytesIO()
    image.resize(size, Image.Resampling.BOX).save(file, "PNG", pnginfo=said)
    return file.getvalue()


class _Canvas:
    """Draws marks onto an image whose pixels are ``1 / factor`` of the scene's."""

    def __init__(
        self, image: Image, theme: Theme, factor: int, origin: tuple[float, float]
    ) -> None:
        from PIL import ImageDraw

        self._image = image
        self._theme = theme
        self._factor = factor
        self._origin = np.array(origin)
        # On an RGB image, a drawing in RGBA blends what is not opaque.
        self._draw = ImageDraw.Draw(image, "RGBA")

    def draw(self, marks: tuple[Mark, ...]) -> None:
        """Draw marks, from back to front."""
        for mark in marks:
            match mark:
                case Polyline():
                    self._line(mark.points, mark.role, mark.width, mark.dash, mark.opacity)
                case Area():
                    flat = self._place(mark.points)
                    self._draw.polygon(flat, fill=self._colour(mark.role, mark.opacity))
                case Line():
                    ends = np.array([[mark.x0, mark.y0], [mark.x1, mark.y1]])
                    self._line(ends, mark.role, mark.width, mark.dash, 1.0)
                case Rect():
                    corners = [[mark.x, mark.y], [mark.x + mark.width, mark.y + mark.height]]
                    box = self._place(np.array(corners))
                    right = (box[1][0] - 1.0, box[1][1] - 1.0)
                    if right[0] >= box[0][0] and right[1] >= box[0][1]:
                        colour = self._colour(mark.role, mark.opacity)
                        self._draw.rectangle([box[0], right], fill=colour)
                case Dot():
                    ((x, y),) = self._place(np.array([[mark.x, mark.y]]))
                    r = mark.radius * self._factor
                    self._draw.ellipse([x - r, y - r, x + r, y + r], fill=self._colour(mark.role))
                case Text():
                    self._text(mark)
                case Group():
                    self.draw(mark.marks)
                case Panel():
                    self._panel(mark)

    def _place(self, points: Points) -> list[tuple[float, float]]:
        rows = ((points + self._origin) * self._factor).tolist()
        return [(x, y) for x, y in rows]

    def _colour(self, role: str, opacity: float = 1.0) -> tuple[int, int, int, int]:
        return (*self._theme.rgb(role), round(255 * opacity))

    def _line(
        self, points: Points, role: str, width: float, dash: tuple[float, ...], opacity: float
    ) -> None:
        colour = self._colour(role, opacity)
        pixels = max(1, round(width * self._factor))
        for piece in dashes(points, dash) if dash else [points]:
            self._draw.line(self._place(piece), fill=colour, width=pixels, joint="curve")

    def _text(self, mark: Text) -> None:
        ((x, y),) = self._place(np.array([[mark.x, mark.y]]))
        anchor = {"start": "ls", "middle": "ms", "end": "rs"}[mark.anchor]
        font = _font(round(mark.size * self._factor))
        text = drawable(mark.text)
        if mark.halo:
            around = 3 * self._factor // 2
            paper = self._colour("panel")
            self._draw.text(
                (x, y), text, paper, font, anchor, stroke_width=around, stroke_fill=paper
            )
        self._draw.text((x, y), text, self._colour(mark.role), font, anchor)

    def _panel(self, mark: Panel) -> None:
        corners = [[mark.x, mark.y], [mark.x + mark.width, mark.y + mark.height]]
        (left, top), (right, bottom) = self._place(np.array(corners))
        box = (round(left), round(top), round(right), round(bottom))
        part = self._image.crop(box)
        origin = self._origin - np.array(box[:2]) / self._factor
        inner = _Canvas(part, self._theme, self._factor, (float(origin[0]), float(origin[1])))
        inner.draw(mark.marks)
        self._image.paste(part, box[:2])


def dashes(points: Points, pattern: tuple[float, ...]) -> list[Points]:
    """Return the drawn pieces of a dashed curve.

    Args:
        points: ``(n, 2)``.
        pattern: Lengths drawn and left out, in turn, in the scene's pixels.
    """
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate(([0.0], np.cumsum(steps)))
    if not along[-1] > 0.0:
        return []
    cycle = pattern if len(pattern) % 2 == 0 else pattern * 2
    ends = np.concatenate(([0.0], np.cumsum(np.tile(cycle, int(along[-1] // sum(cycle)) + 1))))
    pieces = []
    for start, stop in zip(ends[:-1:2], ends[1::2], strict=True):
        if start >= along[-1]:
            break
        stop = min(stop, along[-1])  # noqa: PLW2901 - the last dash ends with the curve
        inner = along[(along > start) & (along < stop)]
        at = np.concatenate(([start], inner, [stop]))
        pieces.append(
            np.column_stack(
                (np.interp(at, along, points[:, 0]), np.interp(at, along, points[:, 1]))
            )
        )
    return pieces


@lru_cache(maxsize=32)
def _font(size: int) -> FreeTypeFont | ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(size)


def drawable(text: str) -> str:
    """Return the text in letters that the picture's type has."""
    return "".join(map(_drawable_letter, text.translate(_PLAIN)))


@lru_cache(maxsize=4096)
def _drawable_letter(letter: str) -> str:
    if " " <= letter <= "~" or _has(letter):
        return letter
    base = "".join(c for c in unicodedata.normalize("NFKD", letter) if " " <= c <= "~")
    return base or "?"


def _has(letter: str) -> bool:
    font = _font(24)
    return bytes(font.getmask(letter)) != bytes(font.getmask("\uffff"))
