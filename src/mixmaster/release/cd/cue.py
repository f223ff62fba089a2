"""CUE sheets as CDRWIN defined them and as fileset makers and burners read them.

ISO 8859-1 without a byte order mark, lines ended by CR LF, one FILE, times relative to it. The
first track's 2 s of pause are not in the file: burners add them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mixmaster.release.cd.sheet import (
    COPY_PERMITTED,
    PRE_EMPHASIS,
    PREGAP_SECTORS,
    Sheet,
    Words,
    clock,
)

_SAID: Final = (("TITLE", "title"), ("PERFORMER", "performer"), ("SONGWRITER", "songwriter"))


def cue_text(sheet: Sheet, wav_name: str) -> bytes:
    """Return a CUE sheet.

    Args:
        sheet: The disc; its words as `text.disc_words` gives them.
        wav_name: The WAV beside it, ASCII.
    """
    assert wav_name.isascii()
    assert '"' not in wav_name
    lines = [f"CATALOG {sheet.catalogue}"] if sheet.catalogue else []
    lines += _said(sheet.words, "")
    lines.append(f'FILE "{wav_name}" WAVE')
    for track in sheet.tracks:
        lines.append(f"  TRACK {track.number:02d} AUDIO")
        lines += _said(track.words, "    ")
        flags = [
            name
            for bit, name in ((COPY_PERMITTED, "DCP"), (PRE_EMPHASIS, "PRE"))
            if track.control & bit
        ]
        if flags:
            lines.append(f"    FLAGS {' '.join(flags)}")
        if track.isrc:
            lines.append(f"    ISRC {track.isrc}")
        for mark in track.marks:
            if mark.sector >= PREGAP_SECTORS:
                lines.append(f"    INDEX {mark.index:02d} {clock(mark.sector - PREGAP_SECTORS)}")
            elif track.start > PREGAP_SECTORS:
                # The pause runs on into the file: hidden audio, or a longer silence.
                lines.append("    INDEX 00 00:00:00")
    return "".join(line + "\r\n" for line in lines).encode("latin-1")


def _said(words: Words, indent: str) -> Iterator[str]:
    for command, kind in _SAID:
        text = str(getattr(words, kind))
        if text:
            yield f'{indent}{command} "{text}"'
