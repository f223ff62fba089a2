"""A song as it is given: stems with a preset, or a session. Opened at once, worked on later."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mixmaster.documents.finding import find_preset
from mixmaster.documents.loading import load
from mixmaster.errors import UsageError
from mixmaster.mastering.options import NamedTarget, Progress
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.run import load_preset, load_target
from mixmaster.mastering.session import load_session_preset, load_session_targets
from mixmaster.mixing.plan import MixPlan, Section, find_stems, plan_mix
from mixmaster.mixing.preset import MixPreset
from mixmaster.mixing.sessions.plan import Song, open_song, plan_song

PRESET_MISSING = "mixmaster presets list shows those there are; a session has its own"


def is_session(stems: Sequence[str]) -> bool:
    """Tell whether what stands for stems is a session's file."""
    return len(stems) == 1 and stems[0].lower().endswith(".toml")


def require_preset(stems: Sequence[str], preset: str | None) -> None:
    """Raise for stems without a preset: only a session has its own.

    Raises:
        UsageError: Naming the option.
    """
    documents = [each for each in stems if each.lower().endswith(".toml")]
    if documents and not is_session(stems):
        raise UsageError(documents[0], "a session stands alone", "it names its stems itself")
    if preset is None and not is_session(stems):
        raise UsageError("--preset", "is missing", PRESET_MISSING)


class Given:
    """Stems with a preset, or a session; opened at once, so that mistakes come before work.

    Args:
        stems: What stands on the command line: a session's file, or folders, files and globs.
        preset: The preset's name or file; needed for stems, in place of its own for a session.
        overrides: As ``--set`` writes them.
        tempo_bpm: The tempo, over all else.

    Raises:
        UsageError: For stems without a preset.
        DocumentError: For a mistake in the documents.
    """

    def __init__(
        self,
        stems: Sequence[str],
        preset: str | None,
        overrides: Sequence[str] = (),
        tempo_bpm: float | None = None,
    ) -> None:
        require_preset(stems, preset)

        tempo = () if tempo_bpm is None else (f"tempo_bpm={tempo_bpm!r}",)
        values = (*overrides, *tempo)
        self.arguments = tuple(stems)
        self.song: Song | None = None
        if is_session(stems):
            self.song = open_song(Path(stems[0]), overrides=values, preset=preset)
            self.preset = self.song.preset
        else:
            assert preset is not None
            self.preset = _mix_preset(preset, values)

    @property
    def documents(self) -> tuple[Path, ...]:
        """The session's file, which no output may replace."""
        return (Path(self.arguments[0]),) if self.song is not None else ()

    def paths(self) -> tuple[Path, ...]:
        """Return the stems' files."""
        if self.song is not None:
            return self.song.stems.paths
        return find_stems(self.arguments).paths

    @property
    def title(self) -> str:
        """What the song is called: the session's title, or the name of the stems' folder."""
        if self.song is not None:
            return self.song.session.title
        first = Path(self.arguments[0])
        folder = first if first.is_dir() else first.parent
        return folder.resolve().name.lstrip(".") or "mix"

    @property
    def file_name(self) -> str:
        """What files are named after: the session's short name, or the stems' folder's."""
        if self.song is not None:
            return self.song.session.file_name
        return self.title

    def plan(
        self,
        *,
        sample_rate_hz: int | None = None,
        strict: bool = False,
        section: Section | None = None,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> MixPlan:
        """Return the plan of the mix; see `plan_mix`."""
        if self.song is not None:
            return plan_song(
                self.song,
                sample_rate_hz=sample_rate_hz,
                strict=strict,
                section=section,
                threads=threads,
                progress=progress,
            )
        return plan_mix(
            self.arguments,
            self.preset,
            sample_rate_hz=sample_rate_hz,
            strict=strict,
            section=section,
            threads=threads,
            progress=progress,
        )

    def master_preset(self, name: str | None, overrides: Sequence[str] = ()) -> MasteringPreset:
        """Return how the song is mastered: as the command line says, else as the session does.

        The session's own values are laid over its own preset alone.

        Raises:
            UsageError: Where neither does.
        """
        if self.song is None or name is not None:
            return self._named_master(name, overrides)
        return load_session_preset(self.song.session, overrides)

    def _named_master(self, name: str | None, overrides: Sequence[str]) -> MasteringPreset:
        if name is None:
            hint = "mixmaster presets list mastering shows those there are"
            raise UsageError("--master", "is missing", hint)
        return load_preset(name, overrides)

    def targets(self, names: Sequence[str]) -> list[NamedTarget]:
        """Return where the song goes: as the command line says, else as the session does.

        Raises:
            UsageError: Where neither does.
        """
        if names:
            return [load_target(name) for name in names]
        found = [] if self.song is None else load_session_targets(self.song.session)
        if not found:
            hint = "mixmaster presets list target shows those there are"
            raise UsageError("--target", "is missing", hint)
        return found


def _mix_preset(name: str, overrides: Sequence[str]) -> MixPreset:
    return load(MixPreset, find_preset("mix", name), overrides=overrides)
