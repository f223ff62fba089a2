"""A programme's master, cut into the files of its tracks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from mixmaster.audio.formats import FileSpec
from mixmaster.audio.sink import open_sink
from mixmaster.audio.source import open_source
from mixmaster.engine.measuring import measure_file
from mixmaster.errors import RefusedError
from mixmaster.mastering.edges import Extent
from mixmaster.mastering.results import MasterResult
from mixmaster.mastering.solver import ACCEPTED_LU
from mixmaster.mastering.target import DeliveryFile, Target
from mixmaster.metering.loudness import BlockPowers, channel_weights, integrated_lufs
from mixmaster.metering.programme import ProgrammeFigures
from mixmaster.release.delivery import Delivery, mastered
from mixmaster.release.studio import Ready

_MOST_PASSES: Final = 4
_MARGIN_DB: Final = 0.05
"""Taken off the ceiling beside what a file was over it: what comes out of encoders wanders."""


def cut_programme(
    each: Ready, name: str, target: Target, files: Sequence[Path], *, on_disc: bool
) -> list[Delivery]:
    """Master a programme for a target, and cut it into its tracks.

    It is rounded and dithered as a whole where its files are of integers, so that they hold its
    very samples. Every file must keep to the ceiling by itself: what encoding adds, and the edge
    that a cut through loud music is to whoever plays one file alone, lower the programme's ceiling.
    What encoding takes from its loudness is put on in front of it.

    Args:
        each: The programme, ready.
        name: The target's name.
        target: The target, with the programme's loudness.
        files: Where each track goes.
        on_disc: Whether they are put together again: nobody plays them alone.

    Returns:
        One delivery a track; of a programme that is refused one that says why.
    """
    piece = each.piece
    spec = target.file.spec(piece.sample_rate_hz, piece.channels)
    whole = files[0].with_name(f".{files[0].stem}.programme.wav")
    ceiling_dbtp: float | None = None
    overs: list[float] = []
    corrected_lu = 0.0  # what the encoder takes away, put on in front of it
    last = target.model_copy(update={"file": _whole_file(target, spec)})
    try:
        for _ in range(_MOST_PASSES):
            result, made = mastered(each, name, last, whole)
            if result.file is None:
                return [Delivery(piece, files[0], spec, target, result, {})]
            if not overs:
                ceiling_dbtp = result.ceiling_dbtp
            extent = each.job.programme(spec.sample_rate_hz).extent(last.edges)
            rates = piece.sample_rate_hz, spec.sample_rate_hz
            frames = places(each.marks, rates, extent, name)
            cut(whole, frames, files, spec)
            said = {"programme_frames": list(frames), **made}
            if on_disc:
                return [
                    Delivery(part, file, spec, target, replace(result, file=file), said)
                    for part, file in zip(piece.parts, files, strict=True)
                ]
            figures = [measure_file(file).figures for file in files]
            wanted = [each.integrated_lufs for each in figures]
            if spec.is_lossy:
                wanted = [_less(lufs, corrected_lu) for lufs in _loudness(whole, frames)]
            ceilings = _ceilings(target, ceiling_dbtp, figures)
            over, shift_lu = _over(figures, ceilings), 0.0
            if spec.is_lossy and last.integrated_lufs is not None:
                shift_lu = _shift_lu(figures, wanted, frames)
            if over <= 0.0 and abs(shift_lu) <= ACCEPTED_LU:
                told = _told(replace(result, ceiling_dbtp=ceiling_dbtp), spec, overs)
                results = [
                    replace(told, file=file, after=own, wanted_lufs=lufs, ceiling_dbtp=ceiling)
                    for file, own, lufs, ceiling in zip(
                        files, figures, wanted, ceilings, strict=True
                    )
                ]
                return [
                    Delivery(part, file, spec, target, own, said)
                    for part, file, own in zip(piece.parts, files, results, strict=True)
                ]
            if over > 0.0:
                overs.append(over)
                lowered = (result.ceiling_dbtp or 0.0) - over - _MARGIN_DB
                last = last.model_copy(update={"true_peak_dbtp": lowered, "louder": None})
            if shift_lu:
                corrected_lu -= shift_lu
                aim = (target.integrated_lufs or 0.0) + corrected_lu
                last = last.model_copy(update={"integrated_lufs": aim})
    except RefusedError as error:
        refused = MasterResult(name, refused=error.reason, figures=error.figures)
        return [Delivery(piece, files[0], spec, target, refused, {})]
    finally:
        whole.unlink(missing_ok=True)
    reason = f"loudness and ceiling of its files did not settle, mastered {_MOST_PASSES} times"
    figures_db = {"over_db": over, "off_lu": shift_lu}
    refused = replace(result, file=None, refused=reason, figures=figures_db)
    return [Delivery(piece, files[0], spec, target, refused, {})]


def _whole_file(target: Target, spec: FileSpec) -> DeliveryFile:
    """Return what the whole is written as: WAV with its files' bits, float for what is encoded."""
    return DeliveryFile(
        format="wav",
        bit_depth=spec.bit_depth,
        sample_rate_hz=spec.sample_rate_hz,
        channels="stereo" if spec.channels == 2 else "source",
        dither="none" if spec.bit_depth == 32 else target.file.dither,
    )


def _ceilings(
    target: Target, ceiling_dbtp: float | None, figures: Sequence[ProgrammeFigures]
) -> list[float | None]:
    """Return each file's ceiling: the programme's, or its own, where it is louder and that less."""
    found: list[float | None] = []
    for each in figures:
        own = target.ceiling_dbtp(each.integrated_lufs)
        known = [ceiling for ceiling in (ceiling_dbtp, own) if ceiling is not None]
        found.append(min(known, default=None))
    return found


def _over(figures: Sequence[ProgrammeFigures], ceilings: Sequence[float | None]) -> float:
    """Return how far the true peak of any file is over its ceiling, dB; 0 where none is."""
    pairs = zip(figures, ceilings, strict=True)
    peaks = ((each.true_peak_dbtp, ceiling) for each, ceiling in pairs)
    over = (a - b for a, b in peaks if a is not None and b is not None)
    return max(over, default=0.0)


def _less(lufs: float | None, lu: float) -> float | None:
    return None if lufs is None else lufs - lu


def _shift_lu(
    figures: Sequence[ProgrammeFigures], wanted: Sequence[float | None], frames: Sequence[int]
) -> float:
    """Return how much louder files are than wanted, LU: the mean over the programme's time."""
    lengths = [stop - start for start, stop in pairwise(frames)]
    shifts = [
        (each.integrated_lufs - lufs, length)
        for each, lufs, length in zip(figures, wanted, lengths, strict=True)
        if each.integrated_lufs is not None and lufs is not None
    ]
    total = sum(length for _, length in shifts)
    return sum(shift * length for shift, length in shifts) / total if total else 0.0


def _told(result: MasterResult, spec: FileSpec, overs: Sequence[float]) -> MasterResult:
    """Return a result that says why the programme's ceiling was lowered, where it was."""
    if not overs or spec.is_lossy:
        return replace(result, overs_db=tuple(overs))
    text = (
        f"cut from its programme, a file's true peak was {overs[0]:.2f} dB over "
        f"{result.ceiling_dbtp:g} dBTP at its edge: the programme's ceiling was lowered to "
        f"{result.ceiling_in_front_dbtp:.2f} dBTP"
    )
    return replace(result, warnings=(*result.warnings, text))


def _loudness(whole: Path, frames: Sequence[int]) -> Iterator[float | None]:
    """Yield the loudness of each track before it is encoded."""
    with open_source(whole) as source:
        for start, stop in pairwise(frames):
            meter = BlockPowers(source.sample_rate_hz, source.channels, hops_only=True)
            for block in source.blocks(start_frame=start, stop_frame=stop):
                meter.update(block)
            weights = channel_weights(source.channels)
            yield integrated_lufs(meter.powers, weights, hops_only=True)


def places(
    marks: Sequence[int], rates_hz: tuple[int, int], extent: Extent, where: str
) -> tuple[int, ...]:
    """Return where tracks begin in a finished master, and its end.

    Every mark is rounded once, from the programme's zero: no error adds up from track to track.

    Args:
        marks: Where they begin in the programme, in frames of its source.
        rates_hz: The source's rate and the master's.
        extent: What of the programme is delivered.
        where: What refusals name.

    Raises:
        RefusedError: For a track of which nothing is left, where silence is trimmed.
    """
    source_hz, rate_hz = rates_hz
    found = [0]
    for mark in marks[1:]:
        frame = (2 * mark * rate_hz + source_hz) // (2 * source_hz)
        found.append(frame - extent.first + extent.pad_head)
    found.append(extent.frames)
    for number, (start, stop) in enumerate(pairwise(found), start=1):
        if start >= stop:
            reason = f"nothing is left of the programme's track {number}: it is silence, trimmed"
            raise RefusedError(where, reason, "let the target keep it: [edges] trim = false")
    return tuple(found)


def cut(master: Path, frames: Sequence[int], files: Sequence[Path], spec: FileSpec) -> None:
    """Cut a finished master into files, sample for sample; nothing is faded, nothing dithered.

    Args:
        master: Of the same rate and channels; of integers of the same depth, or float for what is
            encoded.
        frames: Where each file begins, and the end.
        files: Where each goes; what is there is overwritten.
        spec: What kind of file.

    Raises:
        OutputError: When one cannot be written.
    """
    with open_source(master) as source:
        for file, (start, stop) in zip(files, pairwise(frames), strict=True):
            with open_sink(file, spec, frames_expected=stop - start, dither="none") as sink:
                for block in source.blocks(start_frame=start, stop_frame=stop):
                    sink.write(block)
