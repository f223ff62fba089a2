"""What is known of an album's tracks beside each other: the shapes of it, and how they are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import with_config

from mixmaster.release.levels.corrections import Correction
from mixmaster.release.levels.hearing import Heard
from mixmaster.release.levels.sound import FigureName, Sound, sound_of
from mixmaster.release.levels.spread import FEWEST, Spread
from mixmaster.release.levels.strict import STRICT
from mixmaster.results import Result


@dataclass(frozen=True, slots=True, eq=False)
class AlbumTrack:
    """A track as it is compared.

    Attributes:
        key: What tells it from the others.
        name: What people call it.
        heard: What was heard of it, after its chain.
        offset_db: What its level is moved by: the artist's offset, a correction's gain.
        vocal_lu: Its vocal level, where its stems are known.
        declared: Whether it is meant to stand out: it is left as it is, and the others are not
            compared with it.
        fixed: Whether it is an approved master, that nothing corrects.
        done: The correction that is in it already: it gets no other on top.
    """

    key: str
    name: str
    heard: Heard
    offset_db: float = 0.0
    vocal_lu: float | None = None
    declared: bool = False
    fixed: bool = False
    done: Correction | None = None

    def sound(self) -> Sound:
        """Return how it sounds on the album's scale; mono as it does from two loudspeakers."""
        heard = self.heard.louder(self.offset_db)
        if heard.figures.programme.channels == 1:
            heard = heard.on_loudspeakers(2)
        return sound_of(heard, vocal_lu=self.vocal_lu)


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Reference(Result):
    """What tracks are compared with.

    Attributes:
        kind: An anchor track, or an earlier album's signature.
        key: The anchor's key; empty of a signature.
        name: What people call it.
        chosen: Whether somebody chose it: else it is the track nearest to all.
        curve_db: The tracks' median tonal curve.
        anchor_curve_db: The anchor's own.
        anchor: Its figures.
        spreads: Where the tracks lie.
    """

    kind: Literal["anchor", "signature"]
    key: str
    name: str
    chosen: bool
    curve_db: tuple[float | None, ...]
    anchor_curve_db: tuple[float | None, ...]
    anchor: dict[FigureName, float]
    spreads: dict[FigureName, Spread]

    @property
    def judges(self) -> bool:
        """Whether an outlier can be told: of two tracks only against a chosen one."""
        count = max((each.count for each in self.spreads.values()), default=0)
        return self.kind == "signature" or count >= FEWEST or (self.chosen and count > 1)


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Finding(Result):
    """One figure of one track.

    Attributes:
        figure: Which.
        value: It, LUFS or dB; of the tone its distance from the median curve.
        from_anchor: Its distance from the anchor.
        from_middle: From the median of the tracks.
        spreads: That in spreads: how odd it is.
        outlier: Whether it is too far from both.
    """

    figure: FigureName
    value: float
    from_anchor: float
    from_middle: float
    spreads: float
    outlier: bool


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class TrackCoherence(Result):
    """One track beside the others.

    Attributes:
        key: The track.
        name: What people call it.
        declared: Whether it is meant to stand out.
        fixed: Whether nothing may correct it.
        sound: Its figures.
        findings: Each against the others.
        distance_to_anchor_db: Of the tonal curves, root mean square.
        distance_to_album_db: From the median curve.
        score: Root mean square of all findings, in spreads: the lower, the nearer to all.
        proposal: What would bring it nearer; None where nothing is proposed.
        said: What has to be said of it.
    """

    key: str
    name: str
    declared: bool
    fixed: bool
    sound: Sound
    findings: tuple[Finding, ...]
    distance_to_anchor_db: float | None
    distance_to_album_db: float | None
    score: float | None
    proposal: Correction | None = None
    said: tuple[str, ...] = ()

    def finding(self, figure: FigureName) -> Finding | None:
        """Return the finding on a figure; None where the track has no such figure."""
        return next((each for each in self.findings if each.figure == figure), None)

    @property
    def outlier(self) -> bool:
        """Whether any of its figures is too far from the others'."""
        return any(each.outlier for each in self.findings)


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Coherence(Result):
    """How an album's tracks go together.

    Attributes:
        reference: What they are compared with.
        tracks: The tracks, in order.
        notes: What has to be said of all of them.
    """

    reference: Reference
    tracks: tuple[TrackCoherence, ...]
    notes: tuple[str, ...] = ()

    @property
    def proposals(self) -> tuple[Correction, ...]:
        """What is proposed, in the tracks' order."""
        return tuple(each.proposal for each in self.tracks if each.proposal is not None)

    def track(self, key: str) -> TrackCoherence:
        """Return a track's part."""
        return next(each for each in self.tracks if each.key == key)
