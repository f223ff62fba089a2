"""What a listener has saved on the page: its schema, and how it is read. Nothing is trusted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from mixmaster.audio.names import shown
from mixmaster.documents.base import Settings, items, parameter
from mixmaster.documents.parts import read_json, validated
from mixmaster.errors import DocumentError, Problem
from mixmaster.pages.ab.data import RESULTS_SCHEMA

MOST_BYTES: Final = 4 << 20
_MOST_CHARACTERS: Final = 4_000
_MOST_ITEMS: Final = 10_000
_MOST_SEED: Final = 2**32 - 1


class ListedVersion(Settings):
    """A version, as the page knew it."""

    id: str = parameter(..., "Its id in the session.")
    key: str = parameter(..., "What it is known by in any session.")
    name: str = parameter(..., "What people call it.")


class Trial(Settings):
    """One trial of an ABX run."""

    x: str = parameter(..., "What X was.")
    answer: str = parameter(..., "What the listener took it for.")


class AbxRun(Settings):
    """A run of ABX trials with one pair."""

    first: str = parameter(..., "A.")
    second: str = parameter(..., "B.")
    level: str = parameter(..., "The level it was heard at.")
    planned: int = parameter(..., "How many trials were meant to be.", low=1, high=_MOST_ITEMS)
    seed: int = parameter(..., "Repeats the order.", low=0, high=_MOST_SEED)
    trials: tuple[Trial, ...] = items("In their order.", most=_MOST_ITEMS)

    @property
    def correct(self) -> int:
        """How many answers are right."""
        return sum(trial.x == trial.answer for trial in self.trials)


class Preference(Settings):
    """The answer to one pair of a preference test."""

    first: str = parameter(..., "What was presented first.")
    second: str = parameter(..., "What was presented second.")
    preferred: str | None = parameter(..., "Which one was preferred; null for neither.")
    level: str = parameter(..., "The level it was heard at.")


class BlindListening(Settings):
    """A finished blind listening to all versions."""

    level: str = parameter(..., "The level it was heard at.")
    seed: int = parameter(..., "Repeats the order.", low=0, high=_MOST_SEED)
    order: tuple[str, ...] = items("The versions as A, B, C ...", most=_MOST_ITEMS)
    ratings: dict[str, int] = parameter(..., "Stars, 1 to 5, by version.")
    favourite: str | None = parameter(..., "Which one was liked best.")


class ListenersNote(Settings):
    """A note."""

    version: str | None = parameter(..., "About which version; null for all.")
    time_s: float | None = parameter(..., "About which time.", low=0.0)
    text: str = parameter(..., "The note.")


class Answers(Settings):
    """Everything one listener has saved."""

    session: str = parameter(..., "The session's id.")
    title: str = parameter(..., "The song.")
    listener: str = parameter(..., "Who listened; may be empty.")
    saved: str | None = parameter(None, "When.")
    versions: tuple[ListedVersion, ...] = items("All versions.", most=_MOST_ITEMS)
    abx: tuple[AbxRun, ...] = items("ABX runs.", most=_MOST_ITEMS)
    preferences: tuple[Preference, ...] = items("Answers to pairs.", most=_MOST_ITEMS)
    blind: tuple[BlindListening, ...] = items("Blind listenings.", most=_MOST_ITEMS)
    ratings: dict[str, int] = parameter(..., "Stars given with open eyes, 1 to 5, by version.")
    notes: tuple[ListenersNote, ...] = items("Notes.", most=_MOST_ITEMS)
    chosen: str | None = parameter(..., "Which version was chosen.")


_REQUIRED: Final = ("versions", "abx", "preferences", "blind", "notes")


def read_answers(path: Path) -> Answers:
    """Return what a results file holds.

    Raises:
        DocumentError: For a file that is not what the page saves, with every problem found.
    """
    where = shown(path)
    table = read_json(path, where=where, most_bytes=MOST_BYTES)
    schema = table.pop("schema", None)
    if schema != RESULTS_SCHEMA:
        reason = f"must be '{RESULTS_SCHEMA}'"
        raise DocumentError(where, (Problem("schema", reason, "save it on the page"),))
    problems = [Problem(key, "is missing") for key in _REQUIRED if key not in table]
    problems += _oversized(table)
    if problems:
        raise DocumentError(where, tuple(problems))
    answers = validated(Answers, table, where=where)
    problems = list(_contradictions(answers))
    if problems:
        raise DocumentError(where, tuple(problems))
    return answers


def is_answers(path: Path) -> bool:
    """Return whether a JSON file says that it holds a listener's answers, right or wrong."""
    try:
        with path.open("rb") as file:
            return RESULTS_SCHEMA.encode() in file.read(4_096)
    except OSError:
        return False


def _oversized(table: dict[str, Any]) -> list[Problem]:
    """Return what is longer than any page saves, without recursion."""
    level: list[Any] = [table]
    while level:
        inner: list[Any] = []
        for value in level:
            if isinstance(value, str) and len(value) > _MOST_CHARACTERS:
                return [Problem("", f"holds a text of more than {_MOST_CHARACTERS} characters")]
            if isinstance(value, dict | list) and len(value) > _MOST_ITEMS:
                return [Problem("", f"holds a list of more than {_MOST_ITEMS} items")]
            if isinstance(value, dict):
                inner += [*value, *value.values()]
            elif isinstance(value, list):
                inner += value
        level = inner
    return []


def _contradictions(answers: Answers) -> Iterator[Problem]:
    """Yield what cannot be, though each key is right by itself."""
    ids = [version.id for version in answers.versions]
    if len(ids) < 2 or len(set(ids)) < len(ids):
        yield Problem("versions", "must be two or more, each with its own id")
    for number, run in enumerate(answers.abx, start=1):
        key = f"abx.{number}"
        pair = {run.first, run.second}
        yield from _unknown(ids, key, run.first, run.second)
        if len(pair) < 2:
            yield Problem(key, "compares a version with itself")
        if any(trial.x not in pair or trial.answer not in pair for trial in run.trials):
            yield Problem(f"{key}.trials", "name a version that is not of the pair")
        if len(run.trials) > run.planned:
            yield Problem(f"{key}.trials", "are more than were planned")
    for number, answer in enumerate(answers.preferences, start=1):
        key = f"preferences.{number}"
        pair = {answer.first, answer.second}
        yield from _unknown(ids, key, answer.first, answer.second)
        if len(pair) < 2 or not (answer.preferred is None or answer.preferred in pair):
            yield Problem(key, "does not prefer one of a pair")
    for number, blind in enumerate(answers.blind, start=1):
        key = f"blind.{number}"
        yield from _unknown(ids, key, *blind.order, *blind.ratings, blind.favourite)
        yield from _stars(f"{key}.ratings", blind.ratings)
    yield from _unknown(ids, "ratings", *answers.ratings)
    yield from _stars("ratings", answers.ratings)
    yield from _unknown(ids, "notes", *(note.version for note in answers.notes))
    yield from _unknown(ids, "chosen", answers.chosen)


def _unknown(ids: list[str], key: str, *named: str | None) -> Iterator[Problem]:
    for name in dict.fromkeys(named):
        if name is not None and name not in ids:
            yield Problem(key, f"'{name[:40]}' is no version", "known: " + ", ".join(ids[:24]))


def _stars(key: str, ratings: dict[str, int]) -> Iterator[Problem]:
    for name, stars in ratings.items():
        if not 1 <= stars <= 5:
            yield Problem(f"{key}.{name[:40]}", f"must be 1 to 5, is {stars}")
