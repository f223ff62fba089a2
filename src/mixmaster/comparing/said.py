"""What all listeners said together, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mixmaster.comparing.chance import Share, Strength
from mixmaster.results import Result

SCHEMA: Final = "mixmaster/ab-summary/1"


@dataclass(frozen=True, slots=True)
class AbxLine(Result):
    """ABX of one pair: one listener's run, or all of them.

    Attributes:
        listener: Who; empty for all together or for one without a name.
        correct: Right answers.
        trials: All answers.
        share: With its exact interval; None without trials.
        p: The chance of so many right answers or more by guessing; None without trials.
        verdict: In words.
    """

    listener: str
    correct: int
    trials: int
    share: Share | None
    p: float | None
    verdict: str


@dataclass(frozen=True, slots=True)
class AbxPair(Result):
    """ABX of one pair over all listeners.

    Attributes:
        first: A version's name.
        second: Another's.
        level: The level it was heard at.
        together: All runs.
        runs: Each by itself.
    """

    first: str
    second: str
    level: str
    together: AbxLine
    runs: tuple[AbxLine, ...]


@dataclass(frozen=True, slots=True)
class Duel(Result):
    """How often each of a pair was preferred.

    Attributes:
        first: A version's name.
        second: Another's.
        first_preferred: How often the first was.
        second_preferred: How often the second was.
        neither: How often neither was.
    """

    first: str
    second: str
    first_preferred: int
    second_preferred: int
    neither: int


@dataclass(frozen=True, slots=True)
class StarsLine(Result):
    """Ratings of a version, 1 to 5, with the interval of their mean."""

    count: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class VersionLine(Result):
    """What was said of one version.

    Attributes:
        id: In the session.
        name: For people.
        preferred: Its share of the comparisons it was in, a tie half a win; None without any.
        strength: The chance to be preferred to an average version (Bradley-Terry); None without
            comparisons.
        blind_ratings: Given blind; None if there are none.
        ratings: Given with open eyes.
        favourite: Its share of blind listenings in which a favourite was named.
        chosen: How many chose it.
        notes: What was noted about it: listener, time in seconds or None, text.
    """

    id: str
    name: str
    preferred: Share | None
    strength: Strength | None
    blind_ratings: StarsLine | None
    ratings: StarsLine | None
    favourite: Share | None
    chosen: int
    notes: tuple[tuple[str, float | None, str], ...]


@dataclass(frozen=True, slots=True)
class Summary(Result):
    """What all listeners said about one session.

    Attributes:
        schema: ``SCHEMA``.
        session: The session's id.
        title: The song.
        files: How many results were read.
        listeners: How many names there are among them; one without a name counts by itself.
        versions: What was said of each.
        abx: Each pair that was tested.
        duels: Each pair that was compared by preference.
        answers: How many preferences were told.
        equal_p: How likely such preferences are when all are liked alike; None without any.
        verdict: About preference, in words.
        notes: What is worth knowing.
    """

    schema: str
    session: str
    title: str
    files: int
    listeners: int
    versions: tuple[VersionLine, ...]
    abx: tuple[AbxPair, ...]
    duels: tuple[Duel, ...]
    answers: int
    equal_p: float | None
    verdict: str
    notes: tuple[str, ...]
