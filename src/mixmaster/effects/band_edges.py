"""What effects with bands side by side share: each band says where it ends, the last does not."""

from __future__ import annotations

from collections.abc import Sequence

from mixmaster.documents.base import MisfitError, parameter
from mixmaster.effects.base import Context
from mixmaster.errors import DocumentError, Problem


def band_edge(meaning: str) -> float | None:
    """Declare ``up_to_hz``, where a band ends.

    Args:
        meaning: What one hears, in a musician's words.
    """
    edge: float | None = parameter(None, meaning, low=20.0, high=20_000.0)
    return edge


def check_edges(edges_hz: Sequence[float | None]) -> None:
    """Refuse bands that do not follow one another.

    Args:
        edges_hz: ``up_to_hz`` of each band, the lowest first.

    Raises:
        MisfitError: If one but the last has no end, the last has one, or they do not rise.
    """
    problems = []
    below_hz = 0.0
    for number, edge_hz in enumerate(edges_hz, start=1):
        key, last = f"bands.{number}.up_to_hz", number == len(edges_hz)
        if last and edge_hz is not None:
            problems.append(
                Problem(key, "the last band goes to the top", "leave it out, or add a band")
            )
        elif not last and edge_hz is None:
            problems.append(Problem(key, "is missing", "only the last band goes without"))
        elif edge_hz is not None:
            if not edge_hz > below_hz:
                reason = f"{edge_hz:g} Hz is not above the band before, {below_hz:g} Hz"
                problems.append(Problem(key, reason, "order the bands from low to high"))
            below_hz = edge_hz
    if problems:
        raise MisfitError(problems)


def corners(edges_hz: Sequence[float | None], context: Context) -> list[float]:
    """Return where the bands part, in Hz.

    Raises:
        DocumentError: For a band that ends at or above the Nyquist frequency.
    """
    found = [edge_hz for edge_hz in edges_hz if edge_hz is not None]
    nyquist_hz = 0.5 * context.sample_rate_hz
    problems = tuple(
        Problem(
            f"bands.{number}.up_to_hz",
            f"{hz:g} Hz cannot exist at {context.sample_rate_hz} Hz",
            f"below {nyquist_hz:g} Hz",
        )
        for number, hz in enumerate(found, start=1)
        if not hz < nyquist_hz
    )
    if problems:
        raise DocumentError(context.where, problems)
    return found
