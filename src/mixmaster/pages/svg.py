"""Scenes as SVG: colours by class, so that the page's style decides on light or dark."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from markupsafe import Markup, escape

from mixmaster.pages.scene import (
    TICKS,
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

_TENTHS = 10


def svg(scene: Scene, ident: str, variant: str = "") -> Markup:
    """Return a scene as an ``<svg>`` element with a title and a description.

    Args:
        scene: The picture.
        ident: Unique on the page: letters, digits and hyphens.
        variant: A class for the element, such as ``wide``.
    """
    head = Markup(
        '<svg class="chart {variant}" viewBox="0 0 {w} {h}" role="img" '
        'aria-labelledby="{i}-t {i}-d" data-left="{left}" data-right="{right}" '
        'data-ticks="{ticks}">'
        '<title id="{i}-t">{title}</title><desc id="{i}-d">{text}</desc>'
    ).format(
        variant=variant,
        w=_number(scene.width),
        h=_number(scene.height),
        i=ident,
        left=_number(scene.time.left if scene.time else 0.0),
        right=_number(scene.time.right if scene.time else 0.0),
        ticks=_number(scene.time.baseline if scene.time else 0.0),
        title=scene.title,
        text=scene.description,
    )
    # every piece below is either a number, a role of ours, or escaped
    return head + Markup("".join(map(_mark, scene.marks)) + "</svg>")  # noqa: S704


def _mark(mark: Mark) -> str:
    match mark:
        case Polyline():
            return (
                f'<path class="l-{mark.role}" d="{_path(mark.points)}"'
                f"{_stroke(mark.width, mark.dash)}{_opacity(mark.opacity)}/>"
            )
        case Area():
            return (
                f'<path class="f-{mark.role}" d="{_path(mark.points)}z"{_opacity(mark.opacity)}/>'
            )
        case Line():
            return (
                f'<path class="l-{mark.role}" d="M{_number(mark.x0)} {_number(mark.y0)}'
                f'L{_number(mark.x1)} {_number(mark.y1)}"{_stroke(mark.width, mark.dash)}/>'
            )
        case Rect():
            return _with_tip(
                f'<rect class="f-{mark.role}" x="{_number(mark.x)}" y="{_number(mark.y)}" '
                f'width="{_number(mark.width)}" height="{_number(mark.height)}"'
                f"{_opacity(mark.opacity)}",
                "rect",
                mark.tip,
            )
        case Dot():
            return _with_tip(
                f'<circle class="f-{mark.role}" cx="{_number(mark.x)}" cy="{_number(mark.y)}" '
                f'r="{_number(mark.radius)}"',
                "circle",
                mark.tip,
            )
        case Text():
            return _text(mark)
        case Group():
            name = f' data-part="{escape(mark.name)}"' if mark.name else ""
            name += ' class="server"' if mark.name == TICKS else ""
            return f"<g{name}>{''.join(map(_mark, mark.marks))}</g>"
        case Panel():
            box = " ".join(map(_number, (mark.x, mark.y, mark.width, mark.height)))
            return (
                f'<svg class="panel" x="{_number(mark.x)}" y="{_number(mark.y)}" '
                f'width="{_number(mark.width)}" height="{_number(mark.height)}" '
                f'viewBox="{box}"><g class="zoom">{"".join(map(_mark, mark.marks))}</g></svg>'
            )


def _text(mark: Text) -> str:
    classes = f"t-{mark.role}" + (" bold" if mark.bold else "") + (" halo" if mark.halo else "")
    anchor = "" if mark.anchor == "start" else f' text-anchor="{mark.anchor}"'
    return (
        f'<text class="{classes}" x="{_number(mark.x)}" y="{_number(mark.y)}" '
        f'font-size="{_number(mark.size)}"{anchor}>{escape(mark.text)}</text>'
    )


def _with_tip(opening: str, name: str, tip: str) -> str:
    return f"{opening}><title>{escape(tip)}</title></{name}>" if tip else f"{opening}/>"


def _path(points: Points) -> str:
    """Return path data in tenths of a pixel, relative after the first: short, and it adds up."""
    tenths = np.round(points * _TENTHS).astype(np.int64)
    kept = np.ones(len(tenths), bool)
    kept[1:] = (tenths[1:] != tenths[:-1]).any(axis=1)
    kept[-1] = True
    rows = tenths[kept].tolist()
    steps = (f"{_tenth(b[0] - a[0])} {_tenth(b[1] - a[1])}" for a, b in pairwise(rows))
    return f"M{_tenth(rows[0][0])} {_tenth(rows[0][1])}l" + " ".join(steps) if rows[1:] else "M0 0"


def _tenth(value: int) -> str:
    whole, rest = divmod(abs(value), _TENTHS)
    sign = "-" if value < 0 else ""
    if not rest:
        return f"{sign}{whole}"
    return f"{sign}{whole or ''}.{rest}"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _stroke(width: float, dash: tuple[float, ...]) -> str:
    pattern = f' stroke-dasharray="{" ".join(map(_number, dash))}"' if dash else ""
    return f' stroke-width="{_number(width)}"{pattern}'


def _opacity(opacity: float) -> str:
    return "" if opacity == 1.0 else f' opacity="{_number(opacity)}"'
