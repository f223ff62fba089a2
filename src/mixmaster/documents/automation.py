"""Automation in documents: lanes of break-points, each of which moves one parameter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from mixmaster.documents.addresses import did_you_mean
from mixmaster.documents.base import MisfitError, Settings, items, parameter
from mixmaster.errors import Problem

Interpolation = Literal["hold", "linear", "smooth"]

_HOW = "a point is [time, value] or [time, value, 'hold' | 'linear' | 'smooth']"


@dataclass(frozen=True, slots=True)
class Point:
    """One break-point.

    Attributes:
        at: Seconds from the session's zero, or a bar and a beat: ``17``, ``17:2.5``.
        value: In the parameter's own unit; true or false where it is a switch.
        interpolation: The way from here to the next point; the lane's if None.
    """

    at: float | str
    value: float | bool
    interpolation: Interpolation | None = None


def _point(raw: Any) -> Point:
    """Return the point that a document's list declares.

    Raises:
        MisfitError: For anything that is none.
    """
    if isinstance(raw, Point):
        raw = _listed(raw)
    if not isinstance(raw, list | tuple) or not 2 <= len(raw) <= 3:
        raise MisfitError([Problem("", "is no break-point", _HOW)])
    at, value = raw[0], raw[1]
    interpolation = raw[2] if len(raw) == 3 else None
    problems = []
    if isinstance(at, bool) or not isinstance(at, int | float | str):
        problems.append(Problem("", "its time is no number and no text", _HOW))
    elif not isinstance(at, str) and not math.isfinite(at):
        problems.append(Problem("", "its time must be a finite number", _HOW))
    if not isinstance(value, int | float | bool) or not math.isfinite(value):
        problems.append(Problem("", "its value must be a finite number, true or false", _HOW))
    known = get_args(Interpolation)
    if interpolation is not None and interpolation not in known:
        said = f"{interpolation!r}"[:40]
        hint = did_you_mean(str(interpolation), known)
        problems.append(Problem("", f"no interpolation {said}", hint))
    if problems:
        raise MisfitError(problems)
    return Point(
        at if isinstance(at, str) else float(at),
        value if isinstance(value, bool) else float(value),
        interpolation,
    )


def _listed(point: Point) -> list[float | str | bool]:
    """Return a point as a document writes it."""
    shape = [] if point.interpolation is None else [point.interpolation]
    return [point.at, point.value, *shape]


AnyPoint = Annotated[
    Point,
    PlainValidator(_point),
    PlainSerializer(_listed),
    WithJsonSchema(
        {
            "type": "array",
            "prefixItems": [
                {"type": ["number", "string"], "description": "seconds, or bar:beat"},
                {"type": ["number", "boolean"], "description": "the value"},
                {"enum": list(get_args(Interpolation)), "description": "the way to the next"},
            ],
            "minItems": 2,
            "maxItems": 3,
        }
    ),
]
"""A break-point as documents write it: ``[12.5, -3.0]`` or ``["17:2.5", -3.0, "smooth"]``."""


class AutomationLane(Settings):
    """The course of one parameter over the song.

    Before its first point the parameter has that point's value, after its last the last one's. A
    jump (a held value that changes, or two points at one time) takes 5 ms, so that it does not
    click.
    """

    id: str = parameter(
        "", "A name to address the lane by: automation.ride.points; its number if silent."
    )
    target: str = parameter(
        ...,
        "What moves: strip.vocal.gain_db, strip.vocal.pan, strip.vocal.mute, "
        "strip.vocal.send.plate.gain_db, strip.vocal.insert.eq.bands.1.gain_db, bus.drums.gain_db, "
        "vca.rhythm.gain_db, mix.gain_db; strip.vocal/Lead 2.gain_db for one stem of a strip, "
        "which then leaves the strip's own lane.",
    )
    interpolation: Interpolation | None = parameter(
        None,
        "The way from one point to the next, where the point does not say: hold keeps the value "
        "until the next point, linear goes there evenly (in dB, in octaves for Hz), smooth "
        "starts and ends gently. linear if silent; switches such as mute always hold.",
    )
    relative: bool = parameter(
        False,
        "The values, in dB, are added to the setting instead of taking its place: rides that stay "
        "when the balance is revised.",
    )
    points: tuple[AnyPoint, ...] = items(
        "The break-points in order of time: [seconds, value] or ['bar:beat', value], and "
        "'hold', 'linear' or 'smooth' as a third where one point goes its own way.",
        least=1,
        most=20_000,
    )
