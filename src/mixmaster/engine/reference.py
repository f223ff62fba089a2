"""A reference beside a mix: an MP3 to send to those who only want to listen."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mixmaster.audio.formats import FileSpec, encoded_rate_hz
from mixmaster.audio.names import shown
from mixmaster.audio.sink import open_sink
from mixmaster.audio.source import content_hash, open_source, probe
from mixmaster.engine.manifest import build, input_record
from mixmaster.engine.publish import Publication
from mixmaster.errors import RefusedError
from mixmaster.results import Result
from mixmaster.units import db_to_gain, gain_to_db

BITRATE_KBPS: Final = 256
"""What few can tell from the file that it is made of."""

_STEP_DB: Final = 0.1
_MOST_TRIES: Final = 12


@dataclass(frozen=True, slots=True)
class Reference(Result):
    """A reference MP3.

    Attributes:
        file: It.
        of: The file that it was made of.
        bitrate_kbps: Its constant rate.
        gain_db: By how much it was brought down so that nothing clips; 0 for not at all.
        sample_peak_dbfs: Its highest sample when it is played; None for silence.
    """

    file: Path
    of: Path
    bitrate_kbps: int
    gain_db: float
    sample_peak_dbfs: float | None

    @property
    def words(self) -> str:
        """What it is, in a line."""
        text = f"{shown(self.file.name)}: MP3, {self.bitrate_kbps} kbit/s"
        if self.gain_db:
            text += f", {-self.gain_db:.1f} dB quieter so that nothing clips when it is decoded"
        return text


def reference_path(path: Path) -> Path:
    """Return where a file's reference lies: beside it, with the suffix ``.mp3``."""
    return path.with_suffix(".mp3")


def write_reference(
    path: Path, *, overwrite: bool = False, progress: Callable[[str, float], None] | None = None
) -> Reference:
    """Write and publish a file's reference.

    Encoders move peaks: the file is encoded, decoded and, where a sample comes out over full
    scale, encoded again with that much less gain, in steps of 0.1 dB.

    Args:
        path: A finished mono or stereo file.
        overwrite: Whether a file that is not ours may be replaced.
        progress: Told what is being done.

    Raises:
        OutputError: When it may not or cannot be written.
        SignalError: For NaN or infinity in the file.
    """
    tell = progress or (lambda _what, _share: None)
    target = reference_path(path)
    with Publication(target, overwrite=overwrite, inputs=[path]) as out:
        gain_db = _less(0.0, _peak(path))
        for number in range(_MOST_TRIES):
            tell("encoding the reference", number / _MOST_TRIES)
            peak = _encoded(path, out.part, db_to_gain(gain_db))
            if peak <= 1.0:
                break
            gain_db = _less(gain_db, peak)
        else:
            raise RefusedError(shown(target), "it clips when it is decoded, at any gain tried")
        tell("encoding the reference", 1.0)
        made = Reference(
            target, path, BITRATE_KBPS, gain_db, gain_to_db(peak) if peak > 0.0 else None
        )
        settings = {"bitrate_kbps": BITRATE_KBPS, "gain_db": gain_db}
        record = input_record(probe(path), content_hash(path))
        figures = {"sample_peak_dbfs": made.sample_peak_dbfs}
        out.commit(
            build("reference", inputs=[record], settings=settings, revisions={}, figures=figures)
        )
    return made


def _encoded(path: Path, output: Path, gain: float) -> float:
    """Encode a file after a gain and return the largest magnitude that comes out of it."""
    rate_hz = encoded_rate_hz("mp3", probe(path).sample_rate_hz)
    with open_source(path, sample_rate_hz=rate_hz) as source:
        spec = FileSpec("mp3", 32, rate_hz, source.channels, BITRATE_KBPS)
        with open_sink(output, spec, where=shown(path)) as sink:
            for block in source.blocks():
                sink.write(gain * block)
    return _peak(output)


def _peak(path: Path) -> float:
    with open_source(path) as source:
        return max((float(abs(block).max(initial=0.0)) for block in source.blocks()), default=0.0)


def _less(gain_db: float, peak: float) -> float:
    """Return the gain with which a peak stays under full scale, a step at least below."""
    if peak <= 1.0:
        return gain_db
    steps = math.ceil(gain_to_db(peak) / _STEP_DB)
    return round(gain_db - steps * _STEP_DB, 1)
