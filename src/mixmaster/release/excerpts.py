"""Excerpts for promotion: cut from a master made for the target, in the target's format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from mixmaster.audio.formats import FileSpec
from mixmaster.engine.measuring import measure_file
from mixmaster.mastering.results import MasterResult
from mixmaster.mastering.target import DeliveryFile, Target
from mixmaster.release.album.document import Album
from mixmaster.release.levels.snippets import choose_snippet, write_snippet
from mixmaster.release.pieces import Piece
from mixmaster.release.plan import Order

_MOST_ENCODINGS: Final = 4
_MARGIN_DB: Final = 0.05


def snippet_settings(album: Album, order: Order, piece: Piece) -> dict[str, Any]:
    """Return what an excerpt follows from beside its track's sound; nothing of a whole track."""
    length_s = order.target.package.snippet_s
    if length_s is None:
        return {}
    own = album.track[piece.number - 1].snippet
    return {"from_s": own.from_s, "length_s": own.length_s or length_s}


def float_file(spec: FileSpec) -> DeliveryFile:
    """Return what an excerpt is cut from: nothing rounded, at its rate, with its channels."""
    return DeliveryFile(
        format="wav",
        bit_depth=32,
        sample_rate_hz=spec.sample_rate_hz,
        channels="stereo" if spec.channels == 2 else "source",
        dither="none",
    )


def cut(
    settings: Mapping[str, Any],
    target: Target,
    spec: FileSpec,
    files: tuple[Path, Path],
    master: Callable[[Target], MasterResult],
) -> MasterResult:
    """Write an excerpt; where an encoder lifts it over the ceiling, from a master with a lower one.

    Args:
        settings: Of `snippet_settings`.
        target: What it is for.
        spec: What kind of file it is.
        files: Where the whole track's master is written, and where the excerpt goes.
        master: Makes the whole track's master for a target.

    Returns:
        What mastering said of the whole track, with the excerpt's own figures; or why there is
        none.
    """
    whole, file = files
    ceiling = target.true_peak_dbtp
    lower = 0.0
    overs: list[float] = []
    for _ in range(_MOST_ENCODINGS):
        aim = ceiling if ceiling is None else ceiling - lower
        result = master(target.model_copy(update={"true_peak_dbtp": aim}))
        if result.file is None:
            return result
        part = choose_snippet(whole, settings["length_s"], start_s=settings["from_s"])
        write_snippet(whole, part, file, spec)
        found = measure_file(file).figures
        peak = found.true_peak_dbtp
        if ceiling is None or peak is None or peak <= ceiling:
            return replace(
                result,
                file=file,
                after=found,
                ceiling_dbtp=ceiling,
                overs_db=tuple(overs),
                ceiling_in_front_dbtp=aim,
                warnings=(*result.warnings, *part.said),
            )
        overs.append(peak - ceiling)
        lower += peak - ceiling + _MARGIN_DB
    reason = f"its excerpt, decoded, stays over {ceiling:g} dBTP, encoded {_MOST_ENCODINGS} times"
    return replace(result, file=None, refused=reason, figures={"over_db": overs[-1]})
