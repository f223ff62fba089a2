"""Which files a mix is printed as: what each is, where it goes, and which output of the run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from mixmaster.audio.names import shown
from mixmaster.engine.graph import Graph
from mixmaster.engine.variants import Variants
from mixmaster.errors import OutputError, UsageError
from mixmaster.mixing.plan import MixPlan
from mixmaster.mixing.prints.file_names import (
    TemplateError,
    bits_text,
    file_name,
    place,
    rate_text,
    suffix_of,
)
from mixmaster.mixing.prints.printed import StemsWanted, Wanted
from mixmaster.mixing.prints.stem_groups import RESIDUAL, stem_groups
from mixmaster.mixing.prints.versions import MAIN, version_graph
from mixmaster.mixing.run import BitDepth, output_spec
from mixmaster.results import Result

STEMS_FOLDER = "stems"
"""Where stems go, in the folder of the versions."""


@dataclass(slots=True)
class PrintFile:
    """A file to be printed.

    Attributes:
        name: The version's or stem's name.
        kind: ``mix`` or ``stem``.
        words: What it is.
        said: What its manifest says of it.
        graph: Whose effects its manifest lists.
        output: Which of the run's outputs it is; None for what the stems miss.
        target: Where it goes.
        peak: Its largest sample, before anything is rounded or clipped.
        clipped: How many samples its format clipped.
    """

    name: str
    kind: Literal["mix", "stem"]
    words: str
    said: dict[str, Any]
    graph: Graph
    output: int | None
    target: Path = field(default_factory=Path)
    peak: float = 0.0
    clipped: int = 0

    @property
    def what(self) -> str:
        """What it is called in errors."""
        return f"version '{self.name}'" if self.kind == "mix" else f"stem '{self.name}'"


@dataclass(frozen=True, slots=True)
class PlannedFile(Result):
    """A file that would be printed.

    Attributes:
        kind: ``mix`` or ``stem``.
        name: The version's or stem's name.
        words: What it is.
        file: Where it would go.
    """

    kind: str
    name: str
    words: str
    file: Path


class Sheet:
    """The files of one run, and the graph that gives them.

    Args:
        plan: The planned mix.
        folder: Where the files go.
        wanted: What is to be printed.
        bit_depth: As for `mixing.run.mix`.

    Attributes:
        variants: The graph.
        spec: What kind of files they are.
        versions: Those of versions.
        stems: Those of stems; the residual last, where there may be one.

    Raises:
        DocumentError: For a version's timed mutes that do not fit the song.
        OutputError: For a folder that holds what the mix is made from.
        UsageError: For a template that is none, or that gives two files one name.
    """

    def __init__(
        self, plan: MixPlan, folder: Path, wanted: Wanted, bit_depth: BitDepth | None
    ) -> None:
        self._plan = plan
        self._wanted = wanted
        suffix = suffix_of(wanted.template) or ".wav"
        self.spec = output_spec(Path(f"mix{suffix}"), plan.sample_rate_hz, bit_depth)
        self.variants = Variants(plan.graph)
        self.versions = list(self._version_files())
        self.stems = [] if wanted.stems is None else list(self._stem_files(wanted.stems))
        for each, target in zip(self.files, self._targets(folder, suffix), strict=True):
            each.target = target

    @property
    def files(self) -> list[PrintFile]:
        """All files, the versions' first."""
        return [*self.versions, *self.stems]

    @property
    def main(self) -> PrintFile:
        """The mix itself."""
        return next(each for each in self.versions if each.name == MAIN)

    def leave_out_residual(self) -> None:
        """Make no file of what the stems miss."""
        self.stems = [each for each in self.stems if each.output is not None]

    def planned(self) -> tuple[PlannedFile, ...]:
        """Return which files there would be."""
        always = self._wanted.stems is not None and self._wanted.stems.residual == "always"
        return tuple(
            PlannedFile(each.kind, each.name, each.words, each.target)
            for each in self.files
            if each.output is not None or always
        )

    def twins(self) -> Iterator[str]:
        """Yield which versions are no other than one before them, in this song."""
        first: dict[int | None, str] = {}
        for each in self.versions:
            twin = first.setdefault(each.output, each.name)
            if twin != each.name:
                yield f"in this song version '{each.name}' is the same as '{twin}'"

    def _version_files(self) -> Iterator[PrintFile]:
        for version in self._wanted.versions:
            if version.name == MAIN:
                graph, output = self._plan.graph, self.variants.add_main()
            else:
                graph = version_graph(self._plan, version)
                follows = version.settings.dynamics == "main"
                output = self.variants.add(version.name, graph, follows=follows)
            said = version.to_json()
            yield PrintFile(version.name, "mix", version.words, said, graph, output)

    def _stem_files(self, wanted: StemsWanted) -> Iterator[PrintFile]:
        graph = self._plan.graph
        assert any(version.name == MAIN for version in self._wanted.versions)
        for group in stem_groups(self._plan, wanted.returns):
            output = self.variants.add_part(f"stem {group.name}", group.keep)
            words = (
                f"strips {', '.join(group.strips)}" if group.strips else f"the return {group.id}"
            )
            said = {
                "name": group.name,
                "group": group.id,
                "strips": list(group.strips),
                "returns": wanted.returns,
                "words": words,
            }
            yield PrintFile(group.name, "stem", words, said, graph, output)
        if wanted.residual != "never":
            words = "what the other stems miss of the mix"
            said = {"name": RESIDUAL, "group": "", "returns": wanted.returns, "words": words}
            yield PrintFile(RESIDUAL, "stem", words, said, graph, None)

    def _targets(self, folder: Path, suffix: str) -> list[Path]:
        """Return where the files go, in their order.

        Raises:
            UsageError: For a template that is none, or that gives two files one name.
        """
        values = {
            **song_values(self._plan, self._wanted.title),
            "rate": rate_text(self.spec.sample_rate_hz),
            "bits": bits_text(self.spec.bit_depth),
        }
        names = {}
        for each in self.files:
            try:
                name = file_name(self._wanted.template, {**values, "version": each.name}, suffix)
            except TemplateError as error:
                raise UsageError("--name-template", error.reason, error.hint) from error
            names[each.what] = name if each.kind == "mix" else f"{STEMS_FOLDER}/{name}"
        targets = list(place(folder, names).values())
        if self.stems:
            self._refuse_inputs_folder(folder / STEMS_FOLDER)
        return targets

    def _refuse_inputs_folder(self, folder: Path) -> None:
        """Raise where printed stems would lie among those that the mix is made from.

        Raises:
            OutputError: For they would be taken for stems of the song the next time.
        """
        if any(path.parent.resolve() == folder.resolve() for path in self._plan.paths):
            reason = "it holds the stems that the mix is made from"
            raise OutputError(shown(folder), reason, "choose another folder: -o prints/")


def song_values(plan: MixPlan, title: str | None) -> dict[str, str]:
    """Return what templates may say of a song; see `file_names.FIELDS`.

    Args:
        plan: The planned mix.
        title: What it is called; what its session says if None.
    """
    session = plan.session
    return {
        "artist": "" if session is None else session.artist,
        "title": title or ("mix" if session is None else session.title),
        "song": title or ("mix" if session is None else session.label),
        "preset": plan.preset.name,
        "target": "",
    }
