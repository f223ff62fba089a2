"""What a disc is to be made from: its tracks, their joins, and what is said of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mixmaster.dsp.dither import Dither
from mixmaster.release.cd.sheet import NOTHING, Words
from mixmaster.release.discs.sequence import Law
from mixmaster.results import Result

USUAL_GAP_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class DiscTrack(Result):
    """A track of a disc.

    Attributes:
        source: Its audio: 44.1 kHz, mono or stereo, finished but for the dither.
        words: Its title and who made it; without a performer it has the disc's.
        isrc: Its ISRC, with or without hyphens.
        gap_s: Silence before it, s; None is the disc's usual gap, 0 joins it to the track before
            without a gap. Before the first track it is never less than 2 s.
        crossfade_s: How long it overlaps with the track before, s, in place of a gap.
        crossfade_law: ``equal_power`` for unlike material, ``linear`` for what is the same on
            both sides.
        hidden: Audio that lies before the track's mark, in its pause (index 0): heard when the
            disc plays through, or by winding back from the track; nothing that skips finds it.
        mark_offset_s: How much later than the audio the track's mark lies, s; before it if
            negative.
        copy_permitted: Whether digital copies are permitted (FLAGS DCP).
        pre_emphasis: Whether the audio has been given the pre-emphasis of 50/15 microseconds; the
            flag alone changes no sample.
    """

    source: Path
    words: Words = NOTHING
    isrc: str = ""
    gap_s: float | None = None
    crossfade_s: float = 0.0
    crossfade_law: Law = "equal_power"
    hidden: Path | None = None
    mark_offset_s: float = 0.0
    copy_permitted: bool = False
    pre_emphasis: bool = False


@dataclass(frozen=True, slots=True)
class Disc(Result):
    """A disc.

    Attributes:
        words: Its title and who made it.
        upc: Its UPC (12 digits) or EAN (13), with or without spaces and hyphens.
        gap_s: The usual gap between tracks, s.
        dither: How the whole disc is brought to 16 bits, once and last.
        cd_text: Whether the fileset carries CD-Text.
        master_id: What the plant calls the master, 48 ASCII characters at most; does not reach
            the disc.
    """

    words: Words = NOTHING
    upc: str = ""
    gap_s: float = USUAL_GAP_S
    dither: Dither = "tpdf"
    cd_text: bool = True
    master_id: str = ""
