"""What a preview came to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mixmaster.preview.ceiling import Ceiling
from mixmaster.preview.fixing import Fixed
from mixmaster.preview.places import Played
from mixmaster.preview.streams import Streamed
from mixmaster.preview.systems import Lost
from mixmaster.results import Result


@dataclass(frozen=True, slots=True)
class MasterPreview(Result):
    """A master as it will be heard.

    Attributes:
        file: The master.
        integrated_lufs: Of all of it; None if it has none.
        true_peak_dbtp: Of all of it; None for digital silence.
        section: From where to where codecs and systems were listened to, in seconds; None: all.
        places: As places play it, by place, setting and mode.
        streams: Behind the places' codecs.
        ceiling: At which nothing would be over behind them; None where nothing is over.
        systems: On systems.
        fixed: The master that no codec brings over; None where nobody asked, or nothing is over.
        written: The files to listen to.
        notes: What is worth knowing.
    """

    file: Path
    integrated_lufs: float | None
    true_peak_dbtp: float | None
    section: tuple[float, float] | None
    places: tuple[Played, ...]
    streams: tuple[Streamed, ...]
    ceiling: Ceiling | None
    systems: tuple[Lost, ...]
    fixed: Fixed | None
    written: tuple[Path, ...]
    notes: tuple[str, ...]

    @property
    def overs(self) -> tuple[Streamed, ...]:
        """The streams that are over full scale."""
        return tuple(each for each in self.streams if each.is_over)


@dataclass(frozen=True, slots=True)
class Preview(Result):
    """Masters as they will be heard: several are an album, in the order given.

    Attributes:
        album_lufs: The loudness of all together; None for one alone.
        masters: One by one.
    """

    album_lufs: float | None
    masters: tuple[MasterPreview, ...]

    @property
    def passes(self) -> bool:
        """Whether nothing is over behind any codec, or what was is fixed."""
        return all(not master.overs or master.fixed is not None for master in self.masters)
