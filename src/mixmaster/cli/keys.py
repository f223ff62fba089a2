"""Parameters as a table: for those who look up what an effect or a document takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mixmaster.cli.tables import Table
    from mixmaster.documents.reference import Described

_COLUMNS = ("parameter", "takes", "range", "default", "automatable", "what it is")


def parameters_table(title: str, parameters: Sequence[Described]) -> Table:
    """Return parameters, one a line."""
    from mixmaster.cli.output import table

    rows = [
        (
            each.key,
            each.takes.replace("`", ""),
            each.range,
            "needed" if each.needed else each.default,
            "yes" if each.automatable else "",
            each.meaning,
        )
        for each in parameters
    ]
    return table(title, _COLUMNS, rows)
