"""A finished sound file opened again: is it what its record says, and does it keep its limits?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mixmaster.audio.chunks import read_extras
from mixmaster.audio.formats import require_encoder
from mixmaster.audio.riff import PCM
from mixmaster.errors import AudioFileError, SignalError, UsageError
from mixmaster.release.proof.answers import Fault
from mixmaster.release.proof.judging import compared, judged
from mixmaster.release.proof.meter import Heard, hear
from mixmaster.release.proof.record import AudioRecord, FileRecord

_BITS: Final = {"16": 16, "24": 24, "FLOAT": 32}


@dataclass(slots=True)
class Opened:
    """What opening a file came to.

    Attributes:
        faults: What is wrong.
        unchecked: What could not be looked at here.
        remarks: What is no fault.
        heard: What was decoded and measured; None where it could not be.
    """

    faults: list[Fault] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    heard: Heard | None = None


def opened(
    path: Path,
    record: FileRecord,
    audio: AudioRecord,
    *,
    intact: bool,
    tell: Callable[[float], None] | None = None,
) -> Opened:
    """Decode a sound file to its end, measure it, and hold it to its record.

    Args:
        path: The file.
        record: What is said of it.
        audio: What is said of its sound.
        intact: Whether its bytes are those of the record; else it is told what is the same.
        tell: See `hear`.
    """
    answer = Opened()
    try:
        require_encoder(audio.container)  # what writes it reads it
        heard = hear(path, tell)
    except UsageError as error:
        answer.unchecked.append(f"its sound could not be decoded: {error}")
        return answer
    except SignalError as error:
        answer.faults.append(Fault("signal", f"{error.reason}: no number, or infinite"))
        return answer
    except AudioFileError as error:
        answer.faults.append(Fault("unreadable", error.reason))
        return answer
    answer.heard = heard
    answer.faults += _form(heard, audio)
    answer.faults += judged(heard.figures, record.limits, audio.duration_s)
    if record.limits.plain_wav:
        answer.faults += _plain(path)
    apart: list[Fault] = []
    if record.figures is not None:
        apart = list(compared(heard.figures, record.figures, lossy=audio.lossy))
        answer.faults += apart
    if audio.samples_sha256 not in {None, heard.samples_sha256}:
        answer.faults.append(Fault("sound", "its sound is not what was released"))
    elif audio.samples_sha256 is not None and not intact:
        answer.remarks.append("its sound is what was released; what lies around it was changed")
    elif audio.lossy and not intact and record.figures is not None and not apart:
        answer.remarks.append("its sound measures as what was released does")
    answer.remarks += heard.notes
    return answer


def _form(heard: Heard, audio: AudioRecord) -> Iterator[Fault]:
    """Yield where a file is not of the form that its record says."""
    info = heard.info
    if info.kind != audio.container:
        yield Fault("format", f"it is {info.kind}, {audio.container} is wanted")
    bits = _BITS.get(info.subtype.rpartition("_")[2])
    if audio.bit_depth is not None and bits != audio.bit_depth:
        found = f"{bits} bits" if bits else info.subtype
        yield Fault("depth", f"its samples are {found}, {audio.bit_depth} bits are wanted")
    if info.sample_rate_hz != audio.sample_rate_hz:
        text = f"its rate is {info.sample_rate_hz} Hz, {audio.sample_rate_hz} is wanted"
        yield Fault("rate", text)
    if info.channels != audio.channels:
        text = f"it has {info.channels} channels, {audio.channels} are wanted"
        yield Fault("channels", text)
    if heard.frames != audio.frames:
        rate = info.sample_rate_hz
        apart = f"{heard.frames} frames ({heard.frames / rate:.3f} s)"
        wanted = f"{audio.frames} ({audio.duration_s:.3f} s)"
        yield Fault("length", f"it decodes to {apart}, {wanted} are wanted")


def _plain(path: Path) -> Iterator[Fault]:
    extras = read_extras(path)
    if extras is None:
        return
    if extras.format_tag != PCM:
        yield Fault("format", f"its format tag is 0x{extras.format_tag or 0:04x}, not 0x0001")
    if extras.after_data:
        names = ", ".join(repr(name) for name in extras.after_data[:8])
        yield Fault("format", f"there are chunks behind its samples: {names}")
