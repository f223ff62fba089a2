"""Tags in the words of each format, handed to mutagen, which writes them.

All is in fixed order and with fixed padding, and nothing is said of the program or the time: the
same tags are the same bytes.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any, Final

from mixmaster.audio.tags.fields import (
    EXPLICIT,
    FREEFORM,
    INFO_TRACK,
    gain_texts,
    info_tags,
    texts_of,
)
from mixmaster.audio.tags.values import Kind, Picture, Tags

_UTF8: Final = 3  # ID3v2.4 structure, section 4: text encodings
_FRONT_COVER: Final = 3  # ID3v2.4 frames, section 4.14; the same numbers in FLAC
_LANGUAGE: Final = "eng"  # taggers write it whatever the text; some players look for no other
_GAPLESS: Final = FREEFORM + "iTunSMPB"
_RGB_BITS: Final = 24


def id3(kind: Kind, tags: Tags, picture: Picture | None) -> Any:
    """Return an ID3v2.4 tag, mutagen's ``ID3``."""
    import mutagen.id3

    frames: Any = mutagen.id3
    made = frames.ID3()
    for field, values in texts_of(tags):
        name, _, description = field.id3.partition(":")
        if name == "TXXX":
            made.add(frames.TXXX(encoding=_UTF8, desc=description, text=list(values)))
        elif name == "COMM":
            made.add(frames.COMM(encoding=_UTF8, lang=_LANGUAGE, desc="", text=list(values)))
        else:
            made.add(getattr(frames, name)(encoding=_UTF8, text=list(values)))
    for frame, number, count in (
        (frames.TRCK, tags.track, tags.tracks),
        (frames.TPOS, tags.disc, tags.discs),
    ):
        if number is not None:
            text = f"{number}" if count is None else f"{number}/{count}"
            made.add(frame(encoding=_UTF8, text=[text]))
    for name, text in _extras(kind, tags):
        made.add(frames.TXXX(encoding=_UTF8, desc=name, text=[text]))
    if picture is not None:
        made.add(
            frames.APIC(
                encoding=0, mime=picture.mime, type=_FRONT_COVER, desc="", data=picture.data
            )
        )
    return made


def id3_bytes(kind: Kind, tags: Tags, picture: Picture | None) -> bytes:
    """Return an ID3v2.4 tag as it stands in a RIFF chunk; nothing for no tags."""
    made = id3(kind, tags, picture)
    if not made:
        return b""
    whole = io.BytesIO()
    made.save(whole, v1=0, v2_version=4, padding=lambda _: 0)
    return whole.getvalue()


def comments(kind: Kind, tags: Tags, picture: Picture | None) -> list[tuple[str, str]]:
    """Return Vorbis comments in order; the picture among them but for FLAC, which has a block."""
    made = [(field.vorbis, value) for field, values in texts_of(tags) for value in values]
    for name, number in (
        ("TRACKNUMBER", tags.track),
        ("TRACKTOTAL", tags.tracks),
        ("DISCNUMBER", tags.disc),
        ("DISCTOTAL", tags.discs),
    ):
        if number is not None:
            made.append((name, str(number)))
    made += _extras(kind, tags)
    if picture is not None and kind != "flac":
        block = flac_picture(picture).write()
        made.append(("METADATA_BLOCK_PICTURE", base64.b64encode(block).decode("ascii")))
    return made


def flac_picture(picture: Picture) -> Any:
    """Return FLAC's picture block (RFC 9639, section 8.8), mutagen's ``Picture``."""
    import mutagen.flac

    flac: Any = mutagen.flac
    made = flac.Picture()
    made.type, made.mime, made.desc = _FRONT_COVER, picture.mime, ""
    made.width, made.height, made.depth = picture.width, picture.height, _RGB_BITS
    made.data = picture.data
    return made


def atoms(tags: Tags, picture: Picture | None, before: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return MPEG-4 atoms by their names.

    Args:
        tags: What is to be said.
        picture: What is to be shown.
        before: What the file says now; what it says of its gapless length is kept.
    """
    import mutagen.mp4

    mp4: Any = mutagen.mp4
    made: dict[str, list[Any]] = {}
    if _GAPLESS in before:
        made[_GAPLESS] = before[_GAPLESS]

    def free(values: tuple[str, ...]) -> list[Any]:
        return [mp4.MP4FreeForm(value.encode(), mp4.AtomDataType.UTF8) for value in values]

    for field, values in texts_of(tags):
        made[field.mp4] = free(values) if field.mp4.startswith("----") else list(values)
    for name, number, count in (
        ("trkn", tags.track, tags.tracks),
        ("disk", tags.disc, tags.discs),
    ):
        if number is not None:
            made[name] = [(number, count or 0)]
    if tags.explicit is not None:
        made["rtng"] = [int(tags.explicit)]
    if tags.replay_gain is not None:
        for name, text in gain_texts("m4a", tags.replay_gain):
            made[FREEFORM + name] = free((text,))
    if picture is not None:
        forms = mp4.MP4Cover
        form = forms.FORMAT_PNG if picture.mime == "image/png" else forms.FORMAT_JPEG
        made["covr"] = [forms(picture.data, form)]
    return made


def info_list(tags: Tags) -> bytes:
    """Return a RIFF INFO list's body, in UTF-8: what INFO has fields for; nothing for none.

    INFO knows no text encoding; UTF-8 is what current programs write and read.
    """
    said = info_tags(tags)
    pairs = [(field.info, values[0]) for field, values in texts_of(said)]
    if said.track is not None:
        pairs.append((INFO_TRACK, str(said.track)))
    body = b""
    for name, text in pairs:
        raw = text.encode() + b"\0"
        body += name.encode() + len(raw).to_bytes(4, "little") + raw + b"\0" * (len(raw) % 2)
    return b"INFO" + body if body else b""


def _extras(kind: Kind, tags: Tags) -> list[tuple[str, str]]:
    made = []
    if tags.explicit is not None:
        made.append((EXPLICIT, str(int(tags.explicit))))
    if tags.replay_gain is not None:
        made += gain_texts(kind, tags.replay_gain)
    return made
