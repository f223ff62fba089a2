"""The effects there are: the one list that presets, schema and reference docs read."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mixmaster.effects.base import Effect
from mixmaster.effects.chorus import Chorus
from mixmaster.effects.clipper import Clipper
from mixmaster.effects.compressor import Compressor
from mixmaster.effects.convolution import Convolution
from mixmaster.effects.de_esser import DeEsser
from mixmaster.effects.delay import Delay
from mixmaster.effects.dynamic_eq import DynamicEq
from mixmaster.effects.eq import Eq
from mixmaster.effects.exciter import Exciter
from mixmaster.effects.flanger import Flanger
from mixmaster.effects.gate import Gate
from mixmaster.effects.haas import Haas
from mixmaster.effects.hum_removal import HumRemoval
from mixmaster.effects.limiter import Limiter
from mixmaster.effects.multiband import Multiband
from mixmaster.effects.noise_reduction import NoiseReduction
from mixmaster.effects.phaser import Phaser
from mixmaster.effects.plugin import Plugin
from mixmaster.effects.reverb import Reverb
from mixmaster.effects.saturation import Saturation
from mixmaster.effects.stereo_bands import StereoBands
from mixmaster.effects.transient_shaper import TransientShaper
from mixmaster.effects.tremolo import AutoPan, Tremolo
from mixmaster.effects.utility import Utility
from mixmaster.effects.width import Width

EFFECTS: tuple[type[Effect], ...] = (
    Eq,
    DynamicEq,
    Compressor,
    Multiband,
    Gate,
    DeEsser,
    TransientShaper,
    Saturation,
    Exciter,
    Clipper,
    Chorus,
    Flanger,
    Phaser,
    Tremolo,
    AutoPan,
    Delay,
    Reverb,
    Convolution,
    Width,
    StereoBands,
    Haas,
    Utility,
    HumRemoval,
    NoiseReduction,
    Plugin,
    Limiter,
)
"""Every effect's settings, in the order in which they are listed to people."""

AnyEffect = Annotated[
    Eq
    | DynamicEq
    | Compressor
    | Multiband
    | Gate
    | DeEsser
    | TransientShaper
    | Saturation
    | Exciter
    | Clipper
    | Chorus
    | Flanger
    | Phaser
    | Tremolo
    | AutoPan
    | Delay
    | Reverb
    | Convolution
    | Width
    | StereoBands
    | Haas
    | Utility
    | HumRemoval
    | NoiseReduction
    | Plugin
    | Limiter,
    Field(discriminator="effect"),
]
"""Any effect, told apart by its key ``effect``."""
