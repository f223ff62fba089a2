"""The cover on a page: a small picture inside it, so that the page needs no other file."""

from __future__ import annotations

import base64
import io
from typing import Final

COVER_PX: Final = 480
MOST_BYTES: Final = 100 << 20
MOST_PIXELS: Final = 400_000_000
"""More than any cover has; a picture that claims more is not decoded."""

_QUALITY: Final = 86


def cover_address(data: bytes) -> str:
    """Return a cover as a ``data:`` address of a small JPEG; empty for what is no picture.

    The same cover gives the same address with the same Pillow.

    Args:
        data: A JPEG or PNG file.
    """
    from PIL import Image, UnidentifiedImageError

    if len(data) > MOST_BYTES:
        return ""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return ""
            picture.draft("RGB", (2 * COVER_PX, 2 * COVER_PX))
            small = picture.convert("RGB")
            small.thumbnail((COVER_PX, COVER_PX), Image.Resampling.LANCZOS)
            out = io.BytesIO()
            small.save(out, "JPEG", quality=_QUALITY, optimize=False)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return ""
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode("ascii")
