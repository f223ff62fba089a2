"""A song from Python: its stems and preset, or its session; planned, mixed, rendered."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from mixmaster.errors import UsageError
from mixmaster.mastering.given import Given
from mixmaster.mastering.options import MasterOptions, NamedTarget, Progress
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.run import load_target
from mixmaster.mastering.song import SongRun, render_song
from mixmaster.mixing.plan import MixPlan, Section
from mixmaster.mixing.run import BitDepth, MixRun
from mixmaster.mixing.run import mix as run_mix
from mixmaster.results import html_table

PathLike = str | os.PathLike[str]

_ROUTES: Final = ("stem", "files", "gain dB", "fader dB", "pan", "route", "sends")


def load(
    stems: PathLike | Iterable[PathLike],
    preset: str | None = None,
    *,
    overrides: Sequence[str] = (),
    tempo_bpm: float | None = None,
) -> Song:
    """Open a song: its documents are read and checked, its stems are found; nothing is rendered.

    Args:
        stems: A session's file (``song.toml``), or stems: a folder, files, globs, or several.
        preset: A mix preset's name or file. Stems need one; a session has its own, and this
            takes its place.
        overrides: Values laid over the preset, as ``--set`` writes them:
            ``"strip.kick.gain_db=-2"``.
        tempo_bpm: The tempo, over all else.

    Raises:
        AudioFileError: For stems that are not there.
        DocumentError: For a mistake in the session or the preset; every wrong key is named.
        UsageError: For stems without a preset.
    """
    return Song(Given(texts(stems), preset, overrides, tempo_bpm))


def texts(paths: PathLike | Iterable[PathLike]) -> tuple[str, ...]:
    """Return one path or several as a command line would have them."""
    several = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    return tuple(os.fspath(each) for each in several)


class Song:
    """A song that was opened by ``load``; in a notebook it shows where its stems go.

    Attributes:
        title: The session's title, or the name of the stems' folder.
    """

    def __init__(self, given: Given) -> None:
        self._given = given
        self.title = given.title

    @property
    def stems(self) -> tuple[Path, ...]:
        """The stems' files."""
        return self._given.paths()

    def plan(
        self,
        *,
        sample_rate_hz: int | None = None,
        section: Section | None = None,
        strict: bool = False,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> MixPlan:
        """Return which stem is what, at which level, by which route. Nothing is written.

        Args:
            sample_rate_hz: The session's rate; the highest among the stems if None.
            section: Only this part of the song, with the gains of the whole.
            strict: Whether a stem shorter than its header says is an error.
            threads: How many may work; the bytes do not depend on it. None: as many as there are.
            progress: Told what is being done, and how much of it is, 0 to 1.

        Raises:
            AudioFileError: For stems that cannot be used.
            DocumentError: For stems that no strip matches, and settings that do not fit.
        """
        return self._given.plan(
            sample_rate_hz=sample_rate_hz,
            section=section,
            strict=strict,
            threads=threads,
            progress=progress,
        )

    def mix(
        self,
        output: PathLike,
        *,
        bit_depth: BitDepth | None = None,
        sample_rate_hz: int | None = None,
        section: Section | None = None,
        overwrite: bool = False,
        strict: bool = False,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> MixRun:
        """Mix the song into a premaster, with its manifest beside it.

        Args:
            output: A ``.wav``, ``.flac`` or ``.aiff`` file.
            bit_depth: 32 (float), 24 or 16; None: 32 for WAV, 24 for the others.
            sample_rate_hz: As in ``plan``.
            section: As in ``plan``.
            overwrite: Whether a file that is not ours may be replaced.
            strict: As in ``plan``.
            threads: As in ``plan``.
            progress: As in ``plan``.

        Raises:
            OutputError: When the output may not or cannot be written.
            RefusedError: When peaks over 0 dBFS would be clipped by an integer format.
            SignalError: When an effect or a stem turns out not to be finite.
        """
        plan = self.plan(
            sample_rate_hz=sample_rate_hz,
            section=section,
            strict=strict,
            threads=threads,
            progress=progress,
        )
        return run_mix(plan, output, bit_depth=bit_depth, overwrite=overwrite, progress=progress)

    def render(
        self,
        output: PathLike,
        preset: str | MasteringPreset | None = None,
        targets: Sequence[str | NamedTarget] = (),
        *,
        sample_rate_hz: int | None = None,
        options: MasterOptions | None = None,
        progress: Progress | None = None,
    ) -> SongRun:
        """Mix the song and master the mix, in one go.

        Args:
            output: A folder; for one target it may be a file.
            preset: A mastering preset; None: the session's.
            targets: Where it goes; none: where the session says.
            sample_rate_hz: As in ``plan``.
            options: Of the mastering.
            progress: As in ``plan``.

        Raises:
            OutputError: When an output may not or cannot be written.
            SignalError: When an effect or a stem turns out not to be finite.
            UsageError: Where neither the call nor the session says how, or where to.
        """
        options = options or MasterOptions()
        named = preset if preset is None or isinstance(preset, str) else None
        chosen = preset if isinstance(preset, MasteringPreset) else self._given.master_preset(named)
        wanted = named_targets(targets) if targets else self._given.targets(())
        plan = self.plan(
            sample_rate_hz=sample_rate_hz,
            strict=options.strict,
            threads=options.threads,
            progress=progress,
        )
        return render_song(
            plan,
            chosen,
            wanted,
            Path(output),
            replace(options, threads=plan.threads),
            song=self._given.file_name,
            progress=progress or _quiet,
        )

    def _repr_html_(self) -> str:
        plan = self.plan()
        rows = [
            (
                place.id,
                ", ".join(path.name for path in plan.sources[place.id].paths),
                place.input_gain_db,
                place.fader_db,
                place.pan,
                " → ".join(place.route),
                ", ".join(place.sends),
            )
            for place in plan.places
        ]
        return html_table(_ROUTES, rows, title=self.title)


def named_targets(targets: str | NamedTarget | Sequence[str | NamedTarget]) -> list[NamedTarget]:
    """Return targets by their names or paths, or as they are.

    Raises:
        DocumentError: For one that cannot be found or read.
        UsageError: For none.
    """
    several = [targets] if isinstance(targets, str | NamedTarget) else list(targets)
    if not several:
        hint = "a name such as 'spotify', or a .toml file"
        raise UsageError("targets", "no target is named", hint)
    return [each if isinstance(each, NamedTarget) else load_target(each) for each in several]


def _quiet(what: str, share: float) -> None:
    del what, share
