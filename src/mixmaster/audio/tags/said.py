"""From a format's words back to tags: what the readers of all formats fill in."""

from __future__ import annotations

from dataclasses import dataclass, field

from mixmaster.audio.riff import HeaderError
from mixmaster.audio.tags.fields import EXPLICIT, FREEFORM, TEXTS, gain_from_texts, gain_names
from mixmaster.audio.tags.limits import visible
from mixmaster.audio.tags.values import Kind, Tags

DAMAGED = "get the file again from where it came"


@dataclass(slots=True)
class Said:
    """What a file was found to say.

    Attributes:
        texts: The values of text fields by the names of `Tags`.
        numbers: ``track``, ``tracks``, ``disc``, ``discs``, ``explicit`` as texts.
        gains: Loudness tags by their upper-case names.
        picture: The front cover's bytes.
    """

    texts: dict[str, list[str]] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    gains: dict[str, str] = field(default_factory=dict)
    picture: bytes | None = None

    def say(self, name: str, values: list[str]) -> None:
        """Add values to a text field."""
        self.texts.setdefault(name, []).extend(values)

    def count(self, one: str, all_of_them: str, text: str) -> None:
        """Take ``3`` or ``3/12``."""
        number, _, total = text.partition("/")
        if number:
            self.numbers[one] = number
        if total:
            self.numbers[all_of_them] = total

    def named(self, kind: Kind, name: str, value: str) -> bool:
        """Take what has the same upper-case name in ID3's TXXX, Vorbis and MPEG-4."""
        name = name.upper()
        if name == EXPLICIT:
            self.numbers["explicit"] = value
        elif name in gain_names(kind):
            self.gains[name] = value
        else:
            return False
        return True

    def tags(self, kind: Kind) -> Tags:
        """Return it as tags; several values where one is usual are joined by NUL.

        Raises:
            HeaderError: For numbers that are none.
        """
        values: dict[str, object] = {}
        for name, texts in self.texts.items():
            values[name] = tuple(texts) if name == "writers" else "\0".join(texts)
        try:  # explicit: 1, or 4 as iTunes once wrote; 0 and 2, clean, are not
            for name, text in self.numbers.items():
                number = int(text)
                values[name] = number in {1, 4} if name == "explicit" else number
            values["replay_gain"] = gain_from_texts(kind, self.gains)
        except ValueError as error:
            raise HeaderError(
                f"a number in its tags is none: {visible(str(error))}", DAMAGED
            ) from error
        return Tags(**values)  # type: ignore[arg-type]


BY_ID3 = {text.id3: text.name for text in TEXTS}
BY_VORBIS = {text.vorbis: text.name for text in TEXTS}
BY_MP4 = {text.mp4: text.name for text in TEXTS}
BY_INFO = {text.info: text.name for text in TEXTS if text.info}
FREE_NAMES = {
    text.mp4.removeprefix(FREEFORM): text.name for text in TEXTS if text.mp4.startswith(FREEFORM)
}
