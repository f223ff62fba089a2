"""Which loudness a place means when it names one for an album.

Three ways are in use, and the target's ``[[playback]]`` says which a place has:

- *album*: one gain from the loudness of the whole album (ITU-R BS.1770 over all its tracks).
  Spotify does so while an album plays ("Loudness normalization", Spotify for Artists: the whole
  album at the same time, so that the gain does not change between tracks), and so does Apple's
  Sound Check.
- *loudest*: one gain from its loudest track. AES TD1008, "Recommendations for Loudness of Internet
  Audio Streaming and On-Demand Distribution" (2021): the loudest track of an album at -14 LUFS, the
  others keep their distance. TIDAL does so (E. Grimm, "Analyzing Loudness Aspects of 4.2 Million
  Music Albums in Search of an Optimal Loudness Target for Music Streaming", AES 147, 2019).
- *none*: each track by itself.

Where a place levels tracks one by one, or plays files as they are (a CD), an album whose relations
are to be kept stands with its loudest track at the wanted loudness: nothing is above it, so nothing
is turned down and pressed nearer to the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from mixmaster.mastering.target import Target

AskedMode = Literal["target", "album", "track", "as_is"]
"""What is asked for; ``target`` leaves it to the target."""

Mode = Literal["album", "loudest", "track", "as_is"]
"""What is done; see the module."""

MEANINGS: Final[dict[Mode, str]] = {
    "album": "the whole album at the wanted loudness (BS.1770 over all tracks), as it is played",
    "loudest": "the loudest track at the wanted loudness (AES TD1008), the others at a distance",
    "track": "each track at the wanted loudness",
    "as_is": "no level changed but for the ceiling",
}
"""What each mode means, in words."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a place's loudness is meant of.

    Attributes:
        mode: The way.
        required: Whether the place takes nothing else: it does not level by itself.
    """

    mode: Mode
    required: bool

    @property
    def means(self) -> str:
        """The mode in words."""
        return MEANINGS[self.mode]


def policy_of(target: Target, asked: AskedMode = "target") -> Policy:
    """Return which loudness of an album a target's figure is meant of.

    Args:
        target: The target; its first playback is the place's default.
        asked: ``album`` keeps the relations in the place's own way, or with the loudest track at
            the wanted loudness where it has none; ``track`` and ``as_is`` are what they say;
            ``target`` leaves it to the target's ``[package]``.
    """
    required = not target.playback and target.integrated_lufs is not None
    if asked == "target":
        asked = target.package.loudness
    if asked != "album":
        return Policy(asked, required)
    own = target.playback[0].album if target.playback else "none"
    return Policy("album" if own == "album" else "loudest", required)
