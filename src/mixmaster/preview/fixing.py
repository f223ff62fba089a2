"""A master that no codec brings over full scale: turned down, or where told to, limited again.

A finished master is turned down and nothing else, unless its owner says that it may be limited:
then it keeps its loudness but for what the limiter takes off its peaks. Either way the file is
read back and encoded again before it is put in its place; where a codec still goes over, the
ceiling is lowered by as much and all of it done once more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from mixmaster.arrays import Block
from mixmaster.audio.formats import SUFFIXES, FileSpec
from mixmaster.audio.sink import open_sink
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.limiter import Limiter
from mixmaster.engine.manifest import build, input_record
from mixmaster.engine.publish import Publication
from mixmaster.errors import RefusedError, UsageError
from mixmaster.preview.ceiling import decoded_peak_dbtp
from mixmaster.preview.master_file import Master, read_master
from mixmaster.preview.streams import Encoding
from mixmaster.results import Result

How = Literal["gain", "limiter"]

_MOST_TRIES: Final = 6
_STEP_DB: Final = 0.1
_HEADROOM_DB: Final = 0.001
"""What rounding and dither of 16 bits may add to a peak near full scale is 0.0005 dB."""

_BITS: Final[dict[str, Literal[16, 24, 32]]] = {
    "ALAC_16": 16,
    "ALAC_24": 24,
    "PCM_S8": 16,
    "PCM_U8": 16,
    "PCM_16": 16,
    "PCM_24": 24,
    "PCM_32": 24,
    "FLOAT": 32,
    "DOUBLE": 32,
}


@dataclass(frozen=True, slots=True)
class Fixed(Result):
    """A master that was made safe.

    Attributes:
        file: The new file.
        how: Turned down, or limited.
        ceiling_dbtp: The ceiling that did it.
        gain_db: What it was turned down by; 0 where it was limited.
        max_reduction_db: The most that the limiter took away; None where it was turned down.
        integrated_lufs: Of the new file.
        true_peak_dbtp: Of the new file.
        decoded_dbtp: The highest true peak of it behind all codecs.
        tries: How often it was written.
    """

    file: Path
    how: How
    ceiling_dbtp: float
    gain_db: float
    max_reduction_db: float | None
    integrated_lufs: float | None
    true_peak_dbtp: float | None
    decoded_dbtp: float
    tries: int


def fixed_spec(master: Master) -> FileSpec:
    """Return the kind of file that a fixed master is: that of the master.

    Raises:
        UsageError: For a master in a lossy format, of which no better one can be made.
    """
    info = master.info
    container = next((kind for kind in SUFFIXES if kind == info.kind), None)
    bits = _BITS.get(info.subtype)
    if container is None or bits is None:
        reason = f"is {info.subtype} in {info.container}"
        hint = "fix the lossless file that it was made from"
        raise UsageError(master.name, reason, hint)
    return FileSpec(container, bits, info.sample_rate_hz, info.channels)


def fix(
    master: Master,
    encodings: Sequence[Encoding],
    ceiling_dbtp: float,
    path: Path,
    *,
    how: How,
    pool: Executor,
    overwrite: bool = False,
) -> Fixed:
    """Write a copy of a master that no codec brings over full scale.

    Args:
        master: The master; all of it is listened to.
        encodings: The codecs.
        ceiling_dbtp: The ceiling to begin with.
        path: The new file, of the master's kind.
        how: Turned down, or limited.
        pool: Shares the work.
        overwrite: Whether a file that is not ours may be replaced.

    Raises:
        OutputError: When it cannot be written.
        RefusedError: When no ceiling was found in a few tries.
        UsageError: For a lossy master.
    """
    assert master.is_whole
    assert master.true_peak_dbtp is not None
    spec = fixed_spec(master)
    with Publication(path, overwrite=overwrite, inputs=[master.path]) as publication:
        worst, tries = math.inf, 0
        while worst > 0.0:
            if tries == _MOST_TRIES:
                reason = f"{worst:+.2f} dBTP behind codecs is left at {ceiling_dbtp:.1f} dBTP"
                raise RefusedError(master.name, reason, "master it again, less dense")
            if tries:
                ceiling_dbtp -= max(_STEP_DB, math.ceil(worst / _STEP_DB) * _STEP_DB)
            tries += 1
            gain_db = ceiling_dbtp - master.true_peak_dbtp if how == "gain" else 0.0
            limiter = _limiter(ceiling_dbtp) if how == "limiter" else None
            reduction = _write(master, publication.part, spec, gain_db, limiter)
            new = read_master(publication.part, dual_mono=master.dual_mono)
            worst = max(pool.map(partial(decoded_peak_dbtp, new), encodings))
        settings: dict[str, Any] = {
            "how": how,
            "ceiling_dbtp": ceiling_dbtp,
            "gain_db": gain_db,
            "codecs": [each.name for each in encodings],
        }
        revisions: dict[str, int] = {}
        if limiter is not None:
            revisions[limiter.effect_name()] = limiter.sound_revision
        record = input_record(master.info, master.sha256)
        manifest = build("master", inputs=[record], settings=settings, revisions=revisions)
        figures = {
            "integrated_lufs": new.integrated_lufs,
            "true_peak_dbtp": new.true_peak_dbtp,
            "decoded_dbtp": worst,
        }
        publication.commit(manifest | {"figures": figures})
    return Fixed(
        file=path,
        how=how,
        ceiling_dbtp=ceiling_dbtp,
        gain_db=gain_db,
        max_reduction_db=reduction,
        integrated_lufs=new.integrated_lufs,
        true_peak_dbtp=new.true_peak_dbtp,
        decoded_dbtp=worst,
        tries=tries,
    )


def _limiter(ceiling_dbtp: float) -> Limiter:
    return Limiter(ceiling_dbtp=ceiling_dbtp - _HEADROOM_DB, character="transparent")


def _write(
    master: Master, part: Path, spec: FileSpec, gain_db: float, limiter: Limiter | None
) -> float | None:
    """Write one attempt; return the largest gain reduction of a limiter."""
    most: list[float] = []
    blocks = master.whole(gain_db) if limiter is None else _limited(master, limiter, most)
    with open_sink(part, spec, frames_expected=master.frames) as sink:
        for block in blocks:
            sink.write(block)
        sink.close()
    return None if limiter is None else max(most, default=0.0)


def _limited(master: Master, limiter: Limiter, most: list[float]) -> Iterator[Block]:
    """Yield all of a master through a limiter, in step."""
    channels = master.info.channels
    at_work = limiter.prepare(Context(master.info.sample_rate_hz, channels, where=master.name))
    late, left = at_work.latency_samples, master.frames
    position = 0
    for block in _then_silence(master, late):
        out = at_work.process(block, BlockContext(position))
        position += block.shape[1]
        reduction = at_work.gain_reduction_db()
        if reduction is not None and reduction.size:
            most.append(float(reduction.max()))
        head = min(late, out.shape[1])
        late -= head
        out = out[:, head : head + left]
        left -= out.shape[1]
        if out.shape[1]:
            yield out


def _then_silence(master: Master, frames: int) -> Iterator[Block]:
    """Yield all of a master and some silence, in blocks on the grid but for the last."""
    held: Block | None = None
    for block in master.whole():
        if held is not None:
            yield held
        held = block
    if held is not None:
        yield np.pad(held, ((0, 0), (0, frames)))
