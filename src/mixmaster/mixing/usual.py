"""What is usual of a role where a preset says nothing: how loud, and how far spread.

The offsets are loudness relative to the lead vocal, in LU, each stem or group of microphones by
itself while it plays; the medians of what the mix presets that ship declare (``input_lufs +
gain_db`` of the strip that has the role, less that of the lead vocal), rounded. So are the spreads,
over the presets in which the role has a strip that spreads at all.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Usual(NamedTuple):
    """What is usual of a role.

    Attributes:
        offset_lu: Loudness relative to the lead vocal.
        spread: How far several mono stems of it lie to either side, 0 to 1.
    """

    offset_lu: float
    spread: float = 0.0


USUAL: Final[dict[str, Usual]] = {
    "kick": Usual(-4.0),
    "snare": Usual(-4.0),
    "snare_bottom": Usual(-12.0),
    "rim": Usual(-4.0),
    "clap": Usual(-4.0, 0.6),
    "hihat": Usual(-14.0, 0.3),
    "ride": Usual(-14.0, 0.3),
    "cymbals": Usual(-14.0, 0.3),
    "tom": Usual(-7.0, 0.6),
    "overheads": Usual(-9.0, 1.0),
    "room": Usual(-10.0, 1.0),
    "drums": Usual(-4.0),
    "loop": Usual(-4.0),
    "drum_machine": Usual(-4.0),
    "percussion": Usual(-11.0, 0.6),
    "bass": Usual(-4.0),
    "bass_di": Usual(-6.0),
    "bass_amp": Usual(-8.0),
    "synth_bass": Usual(-4.0),
    "electric_guitar": Usual(-6.0, 0.8),
    "lead_guitar": Usual(-5.0),
    "acoustic_guitar": Usual(-7.0, 0.7),
    "plucked": Usual(-7.0, 0.7),
    "piano": Usual(-8.0, 0.6),
    "keys": Usual(-8.0, 0.6),
    "organ": Usual(-8.0, 0.6),
    "synth": Usual(-8.0, 0.6),
    "synth_lead": Usual(-8.0),
    "pad": Usual(-9.0, 0.7),
    "strings": Usual(-8.0, 0.7),
    "brass": Usual(-7.0, 0.6),
    "woodwinds": Usual(-7.0, 0.6),
    "mallets": Usual(-8.0, 0.6),
    "lead_vocal": Usual(0.0),
    "lead_vocal_double": Usual(-8.0, 0.5),
    "backing_vocals": Usual(-7.0, 0.9),
    "adlibs": Usual(-7.0, 0.7),
    "voice": Usual(0.0),
    "sound_effects": Usual(-9.0),
    "samples": Usual(-9.0),
    "audience": Usual(-9.0),
    "music": Usual(-4.0),
}
"""By role; an effect's printed return and a reference have no usual place."""
