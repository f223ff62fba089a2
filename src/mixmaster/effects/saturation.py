"""Saturation: tape, tube, soft and hard clipping, oversampled and anti-aliased."""

from __future__ import annotations

from typing import ClassVar, Literal

from mixmaster.documents.base import parameter
from mixmaster.effects.keyless import KeylessEffect

Character = Literal["tape", "tube", "soft_clip", "hard_clip"]


class Saturation(KeylessEffect):
    """Harmonics and rounded peaks. Quiet passages keep their level whatever the drive.

    ``drive_db`` 0 or ``mix`` 0, with ``output_db`` 0, is the identity, bit for bit.
    """

    summary: ClassVar[str] = "Saturation: adds harmonics and rounds peaks, from warmth to grit."

    effect: Literal["saturation"] = parameter("saturation", "The effect's name: saturation.")
    character: Character = parameter(
        "tape",
        "The kind of colour: tape thickens and rounds the highs first (odd harmonics), tube adds "
        "the octave and warmth (even harmonics too), soft_clip shaves peaks with a rounded knee, "
        "hard_clip cuts them flat.",
    )
    drive_db: float = parameter(
        0.0,
        "How hard the signal is driven: by how much a full-scale peak is pressed down. 0 is off, "
        "2 to 6 glue and warmth, 6 to 12 plain colour, above 18 distortion.",
        low=0.0,
        high=48.0,
    )
    mix: float = parameter(
        1.0,
        "How much of the saturated sound is heard beside the clean one: 0 is clean, 1 is all "
        "saturated; 0.3 to 0.6 keeps the transients.",
        low=0.0,
        high=1.0,
    )
    output_db: float = parameter(
        0.0,
        "Level after the saturation, to make up for pressed peaks; usually 0 to 6.",
        low=-24.0,
        high=24.0,
    )
    oversampling: Literal[1, 2, 4, 8, 16] = parameter(
        4,
        "How many times the sample rate the curve runs at: more keeps the highs free of false "
        "tones and costs time. 4 suits most; 8 or 16 for hard clipping of bright material.",
    )
