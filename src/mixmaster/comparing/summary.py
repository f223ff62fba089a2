"""Summing up what listeners have said: who heard a difference, and what was preferred."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mixmaster.audio.names import shown
from mixmaster.audio.source import content_hash
from mixmaster.comparing.answers import Answers, is_answers, read_answers
from mixmaster.comparing.chance import (
    FEWEST_TRIALS,
    SIGNIFICANT,
    Share,
    Strength,
    abx_verdict,
    bradley_terry,
    clopper_pearson,
    equally_liked_p,
    guessing_p,
    mean_of,
    p_text,
    wilson,
)
from mixmaster.comparing.folder import MANIFEST, read_session
from mixmaster.comparing.said import SCHEMA, AbxLine, AbxPair, Duel, StarsLine, Summary, VersionLine
from mixmaster.errors import DocumentError, MixmasterError, Problem, UsageError


@dataclass(frozen=True, slots=True)
class Collected:
    """Results that were found.

    Attributes:
        answers: Of one session.
        failed: Files that cannot be used.
        notes: What was left out, and why.
    """

    answers: tuple[Answers, ...]
    failed: tuple[MixmasterError, ...]
    notes: tuple[str, ...]


def collect(paths: Sequence[Path]) -> Collected:
    """Return the results in A/B folders and files.

    Args:
        paths: Folders, whose results of their own session are taken, and files.

    Raises:
        UsageError: When there are none.
    """
    session: str | None = None
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            if (path / MANIFEST).exists():
                session = session or str(read_session(path).get("id"))
            found = sorted(p for p in path.glob("*.json") if p.name != MANIFEST and is_answers(p))
            files += found
        else:
            files.append(path)
    seen: dict[str, Path] = {}
    read: list[Answers] = []
    failed: list[MixmasterError] = []
    notes: list[str] = []
    for path in dict.fromkeys(files):
        try:
            answers = read_answers(path)
            sha256 = content_hash(path)
        except MixmasterError as error:
            failed.append(error)
            continue
        if sha256 in seen:
            notes.append(f"{shown(path)} is the same as {shown(seen[sha256])}: counted once")
            continue
        seen[sha256] = path
        session = session or answers.session
        if answers.session != session:
            notes.append(f"{shown(path)} is about another comparison: left out")
            continue
        read.append(answers)
    if not read and not failed:
        where = ", ".join(shown(path) for path in paths)
        hint = "save them on the page, and put them into the folder or name them"
        raise UsageError(where, "there are no results", hint)
    return Collected(tuple(read), tuple(failed), tuple(notes))


def sum_up(collected: Collected) -> Summary:
    """Return what all listeners said together.

    Args:
        collected: At least one listener's answers.
    """
    every = collected.answers
    first = every[0]
    notes = list(collected.notes)
    names = {version.id: version.name for version in first.versions}
    for answers in every[1:]:
        if {v.id: v.key for v in answers.versions} != {v.id: v.key for v in first.versions}:
            reason = "its versions are not those of the other results"
            raise DocumentError(answers.listener or "results", (_problem(reason),))
    ids = list(names)
    abx = _abx_pairs(every, ids, names)
    runs = sum(len(pair.runs) for pair in abx)
    if runs > 1:
        notes.append(
            f"{runs} ABX runs are looked at: by guessing alone one in 20 reads p = 0.05 or less"
        )
    level = _level(every)
    left_out = sum(answer.level != level for one in every for answer in one.preferences)
    if left_out:
        notes.append(f"{left_out} preferences told at another level than {level} are left out")
    wins, duels, told = _preferences(every, ids, names, level)
    strengths = bradley_terry(wins) if told else None
    equal_p = equally_liked_p(wins)
    people = [one.listener.strip().casefold() for one in every]
    listeners = len({name for name in people if name}) + people.count("")
    if told > listeners:
        notes.append("answers of one listener are counted as if they were independent")
    return Summary(
        schema=SCHEMA,
        session=first.session,
        title=first.title,
        files=len(every),
        listeners=listeners,
        versions=tuple(
            _version_line(every, id_, names[id_], *_liking(wins, strengths, i))
            for i, id_ in enumerate(ids)
        ),
        abx=abx,
        duels=duels,
        answers=told,
        equal_p=equal_p,
        verdict=_verdict(wins, list(names.values()), told, equal_p, strengths),
        notes=tuple(notes),
    )


def _problem(reason: str) -> Problem:
    return Problem("versions", reason)


def _abx_pairs(
    every: Sequence[Answers], ids: Sequence[str], names: dict[str, str]
) -> tuple[AbxPair, ...]:
    found: dict[tuple[int, int, str], list[tuple[AbxLine, int]]] = {}
    for answers in every:
        for run in answers.abx:
            one, other = sorted((ids.index(run.first), ids.index(run.second)))
            line = _line(answers.listener, run.correct, len(run.trials), run.planned)
            found.setdefault((one, other, run.level), []).append((line, run.planned))
    pairs = []
    for (one, other, level), lines in sorted(found.items()):
        correct = sum(line.correct for line, _ in lines)
        trials = sum(line.trials for line, _ in lines)
        planned = sum(plan for _, plan in lines)
        pairs.append(
            AbxPair(
                first=names[ids[one]],
                second=names[ids[other]],
                level=level,
                together=_line("", correct, trials, planned),
                runs=tuple(line for line, _ in lines),
            )
        )
    return tuple(pairs)


def _line(listener: str, correct: int, trials: int, planned: int) -> AbxLine:
    return AbxLine(
        listener=listener,
        correct=correct,
        trials=trials,
        share=clopper_pearson(correct, trials) if trials else None,
        p=guessing_p(correct, trials) if trials else None,
        verdict=abx_verdict(correct, trials, planned=planned),
    )


def _level(every: Sequence[Answers]) -> str:
    """Return the level whose preferences count: the matched one, or the most used."""
    used = Counter(answer.level for one in every for answer in one.preferences)
    if "matched" in used or not used:
        return "matched"
    return used.most_common(1)[0][0]


def _preferences(
    every: Sequence[Answers], ids: Sequence[str], names: dict[str, str], level: str
) -> tuple[npt.NDArray[np.float64], tuple[Duel, ...], int]:
    """Return who was preferred to whom how often, as a table and in words."""
    wins = np.zeros((len(ids), len(ids)))
    ties: Counter[tuple[int, int]] = Counter()
    told = 0
    for answers in every:
        for answer in answers.preferences:
            if answer.level != level:
                continue
            told += 1
            one, other = ids.index(answer.first), ids.index(answer.second)
            if answer.preferred is None:
                wins[one, other] += 0.5
                wins[other, one] += 0.5
                ties[min(one, other), max(one, other)] += 1
            elif answer.preferred == answer.first:
                wins[one, other] += 1.0
            else:
                wins[other, one] += 1.0
    duels = []
    for i, first in enumerate(ids):
        for j in range(i + 1, len(ids)):
            if wins[i, j] + wins[j, i] > 0.0:
                half = ties[i, j] / 2.0
                won = (round(wins[i, j] - half), round(wins[j, i] - half))
                duels.append(Duel(names[first], names[ids[j]], *won, ties[i, j]))
    return wins, tuple(duels), told


def _version_line(
    every: Sequence[Answers],
    id_: str,
    name: str,
    preferred: Share | None,
    strength: Strength | None,
) -> VersionLine:
    named = [blind.favourite for one in every for blind in one.blind if blind.favourite]
    notes = [
        (one.listener, note.time_s, note.text)
        for one in every
        for note in one.notes
        if note.version == id_
    ]
    blind = [b.ratings[id_] for one in every for b in one.blind if id_ in b.ratings]
    seen = [one.ratings[id_] for one in every if id_ in one.ratings]
    return VersionLine(
        id=id_,
        name=name,
        preferred=preferred,
        strength=strength,
        blind_ratings=_stars(blind),
        ratings=_stars(seen),
        favourite=clopper_pearson(named.count(id_), len(named)) if named else None,
        chosen=sum(one.chosen == id_ for one in every),
        notes=tuple(notes),
    )


def _liking(
    wins: npt.NDArray[np.float64], strengths: Sequence[Strength] | None, version: int
) -> tuple[Share | None, Strength | None]:
    """Return how often a version was preferred, and its strength; nothing if it was not asked."""
    won = float(wins[version].sum())
    games = round(won + float(wins[:, version].sum()))
    if not games or strengths is None:
        return None, None
    return wilson(won, games), strengths[version]


def _stars(values: Sequence[int]) -> StarsLine | None:
    return StarsLine(len(values), *mean_of(values)) if values else None


def _verdict(
    wins: npt.NDArray[np.float64],
    names: Sequence[str],
    told: int,
    equal_p: float | None,
    strengths: Sequence[Strength] | None,
) -> str:
    """Return an honest sentence about preference."""
    if equal_p is None or strengths is None:
        return "no preferences were told"
    said = f"{told} answer{'s' * (told != 1)}, p = {p_text(equal_p)}"
    if told < FEWEST_TRIALS:
        return f"too few answers to tell ({said})"
    if equal_p > SIGNIFICANT:
        return f"no evidence of a preference ({said})"
    played = np.flatnonzero((wins + wins.T).any(axis=1)).tolist()
    order = sorted(played, key=lambda i: -strengths[i].value)
    best, second = order[0], order[1]
    if strengths[best].low > strengths[second].high or len(order) == 2:
        return f"{names[best]} is preferred ({said})"
    return (
        f"they are not liked alike ({said}); {names[best]} leads, but it is not certain that it "
        f"beats {names[second]}"
    )
