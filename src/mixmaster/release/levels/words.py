"""What levels and coherence say in words: for the table, the record and the page."""

from __future__ import annotations

from typing import Final

from mixmaster.release.levels.sound import FigureName

_WORDS: Final[dict[FigureName, tuple[str, str]]] = {
    "loudness": ("its loud sections are {} LU louder", "its loud sections are {} LU quieter"),
    "low_end": ("its bass is {} dB stronger", "its bass is {} dB weaker"),
    "tilt": ("it is {} dB of tilt brighter", "it is {} dB of tilt darker"),
    "tone": ("its tone is {} dB further off", "its tone is {} dB nearer"),
    "width": ("it is {} dB wider", "it is {} dB narrower"),
    "low_side": ("its bass is {} dB wider", "its bass is {} dB narrower"),
    "vocal": ("its voice is {} LU louder", "its voice is {} LU quieter"),
}


def outlier_words(figure: FigureName, away: float) -> str:
    """Return in words how a track stands out from the others."""
    more, less = _WORDS[figure]
    return (more if away >= 0.0 else less).format(f"{abs(away):.1f}") + " than the others"
