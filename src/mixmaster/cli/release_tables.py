"""Tables of ``mixmaster release``: what would be, what is, and what was found of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mixmaster.cli.tables import Table
    from mixmaster.release.plan import ReleasePlan
    from mixmaster.release.proof.answers import Proof
    from mixmaster.release.run import ReleaseRun


def plan_tables(plan: ReleasePlan) -> tuple[Table, ...]:
    """Return what a release would be: its tracks, its files, and what it needs."""
    from mixmaster.cli.output import figure, table

    album = plan.album
    tracks = []
    for piece in plan.pieces:
        track = album.track[piece.number - 1]
        name = f"{track.title} ({piece.words})" if piece.version else track.title
        chain = piece.preset.name if piece.kind != "master" or piece.relimit else "none"
        tracks.append(
            (str(piece.number), name, piece.kind, _clock(piece.duration_s), chain, piece.isrc)
        )
    files: list[tuple[str, ...]] = []
    for order in plan.orders:
        if not order.files:
            what = {"cd": "WAV and CUE, DDP 2.00", "vinyl": "one WAV a side, cue sheets"}
            row = (f"{order.named.name}/", what.get(order.target.medium, ""))
            files.append((*row, _size(order.bytes_at_most)))
        files += [(f.place, f.spec.words, _size(f.bytes_at_most)) for f in order.files]
    needs = [
        ("the release, at most", _size(plan.bytes_at_most)),
        ("temporary files, at most", _size(plan.scratch_bytes)),
        ("all tracks", _clock(plan.duration_s)),
        ("encoders", "all are here"),
        ("files", figure(float(len(files)), 0)),
    ]
    return (
        table(album.title, (">#", "track", "from", ">length", "chain", "ISRC"), tracks),
        table("Files", ("file", "format", ">at most"), files),
        table("Needed", ("", ">"), needs),
    )


def files_table(run: ReleaseRun) -> Table:
    """Return the sound files of a release with their figures."""
    return _table("Files", [p for p in run.proofs if p.figures is not None])


def proof_table(proofs: Iterable[Proof]) -> Table:
    """Return files with what was found of them."""
    return _table("Files", proofs)


def _table(title: str, proofs: Iterable[Proof]) -> Table:
    from mixmaster.cli.output import table

    columns = ("file", ">LUFS", ">LRA", ">max S", ">dBTP", "state")
    rows = []
    for proof in proofs:
        path, _, *figures, state, _ = proof.row()
        rows.append((path, *figures, state))
    return table(title, columns, rows)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _size(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 10**9 else f"{count / 1e6:.1f} MB"
