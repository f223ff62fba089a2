"""The pictures alone: every chart of every file as a PNG."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mixmaster.pages.axes import WIDE
from mixmaster.pages.compare import levels_scene, loudness_comparison, spectrum_comparison
from mixmaster.pages.loudness import loudness_scene
from mixmaster.pages.png import png
from mixmaster.pages.scene import Scene
from mixmaster.pages.spectrum import neutral_guide, spectrum_scene
from mixmaster.pages.stereo import bands_scene, correlation_scene
from mixmaster.pages.subject import Subject, TargetLike, TonalCurve
from mixmaster.pages.waveform import waveform_scene

_LONGEST = 80


@dataclass(frozen=True, slots=True)
class NamedPicture:
    """A picture and the file name it goes by."""

    name: str
    content: bytes


def pictures(
    subjects: Sequence[Subject],
    *,
    target: TargetLike | None = None,
    reference: TonalCurve | None = None,
) -> Iterator[NamedPicture]:
    """Yield the pictures, one after the other: ``<file>_loudness.png`` and so on.

    Args:
        subjects: The files.
        target: What they are measured against.
        reference: A spectrum to compare with; a neutral guide by default.
    """
    curve = reference or neutral_guide()
    if len(subjects) > 1:
        for word, scene in (
            ("levels", levels_scene(subjects, WIDE, target)),
            ("loudness", loudness_comparison(subjects, WIDE, target)),
            ("spectrum", spectrum_comparison(subjects, WIDE, curve)),
        ):
            yield NamedPicture(f"together_{word}.png", png(scene, f"{len(subjects)} files"))
    names = file_names([subject.name for subject in subjects])
    for subject, name in zip(subjects, names, strict=True):
        for word, scene in _scenes(subject, target, curve):
            yield NamedPicture(f"{name}_{word}.png", png(scene, subject.name))


def _scenes(
    subject: Subject, target: TargetLike | None, reference: TonalCurve
) -> Iterator[tuple[str, Scene]]:
    yield "waveform", waveform_scene(subject, WIDE)
    yield "loudness", loudness_scene(subject, WIDE, target)
    yield "spectrum", spectrum_scene(subject, WIDE, reference)
    if subject.channels > 1:
        yield "correlation", correlation_scene(subject, WIDE)
        yield "stereo", bands_scene(subject, WIDE)


def file_names(names: Sequence[str]) -> list[str]:
    """Return a name for the pictures of each file: letters, digits, ``-``, ``_`` and ``.`` only.

    Two that would be the same, whatever the case of their letters, are numbered.
    """
    used: set[str] = {"together"}
    found = []
    for name in names:
        plain = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", name)).strip("._")
        # a long name in another alphabet takes several bytes a letter
        base = plain.encode()[:_LONGEST].decode(errors="ignore") or "file"
        candidate, number = base, 2
        while candidate.casefold() in used:
            candidate, number = f"{base}-{number}", number + 1
        used.add(candidate.casefold())
        found.append(candidate)
    return found
