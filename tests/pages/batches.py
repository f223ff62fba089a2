"""Batches for tests of their page."""

from __future__ import annotations

from typing import Any

from mixmaster.pages.batch.data import PageBatch, PageLimits, PageOutput

LIMITS = PageLimits(integrated_lufs=-14.0, tolerance_lu=0.5, true_peak_dbtp=-1.0)


def output(song: str, target: str = "web", **said: Any) -> PageOutput:
    """Return an output that is as it should be, but for what is said."""
    figures: dict[str, Any] = {
        "version": "main",
        "master": "loud",
        "path": f"{song}_{target}.flac",
        "manifest": f"{song}_{target}.flac.json",
        "bytes": 30_000_000,
        "duration_s": 200.0,
        "integrated_lufs": -14.0,
        "max_short_term_lufs": -12.0,
        "loudness_range_lu": 6.0,
        "true_peak_dbtp": -1.02,
        "reduction_db": 2.0,
        "limits": LIMITS,
    }
    return PageOutput(song=song, target=target, **{**figures, **said})


def batch(*outputs: PageOutput, name: str = "night") -> PageBatch:
    return PageBatch(name, outputs, songs=len({each.song for each in outputs}))


def many(songs: int, targets: tuple[str, ...] = ("web", "cd")) -> list[PageOutput]:
    """Return outputs that differ a little, as those of real songs do."""
    return [
        output(
            f"Song {n}",
            target,
            duration_s=180.0 + 7.0 * (n % 11),
            loudness_range_lu=5.0 + 0.2 * (n % 7),
            reduction_db=1.5 + 0.1 * (n % 13),
        )
        for n in range(songs)
        for target in targets
    ]
