"""The cover: looked at before anything is decoded, and made smaller where files carry it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

from mixmaster.audio.names import shown
from mixmaster.errors import DocumentError, Problem
from mixmaster.mastering.target_package import ArtRule

MOST_BYTES: Final = 64 << 20
MOST_PIXELS: Final = 100_000_000
"""A square of 10,000: three times what any store asks for."""

_JPEG_QUALITY: Final = 92
_MIMES: Final = {"jpeg": "image/jpeg", "png": "image/png"}


@dataclass(frozen=True, slots=True)
class Art:
    """A cover that was read and can be decoded.

    Attributes:
        path: The file.
        data: Its bytes.
        format: ``jpeg`` or ``png``.
        width: Pixels.
        height: Pixels.
        mode: How colours are stored: RGB is what places take.
    """

    path: Path
    data: bytes
    format: Literal["jpeg", "png"]
    width: int
    height: int
    mode: str

    @property
    def mime(self) -> str:
        """The media type."""
        return _MIMES[self.format]

    @property
    def sha256(self) -> str:
        """The hash of its bytes."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def suffix(self) -> str:
        """The usual end of its file's name."""
        return ".jpg" if self.format == "jpeg" else ".png"

    def problems(self, rule: ArtRule) -> Iterator[tuple[str, str]]:
        """Yield what a place has against it, and what would be right."""
        size = f"is {self.width} x {self.height} pixels"
        if self.width != self.height:
            yield f"{size}: not square", "crop it"
        if min(self.width, self.height) < rule.least_px:
            yield size, f"{rule.least_px} x {rule.least_px} or more; never scaled up"
        if rule.most_px is not None and max(self.width, self.height) > rule.most_px:
            yield size, f"{rule.most_px} x {rule.most_px} or less"
        if self.mode != "RGB":
            yield f"has colours as {_MODES.get(self.mode, self.mode)}", "save it as RGB"
        if rule.formats and self.format not in rule.formats:
            yield f"is a {self.format.upper()}", "save it as " + " or ".join(rule.formats).upper()
        if rule.most_bytes is not None and len(self.data) > rule.most_bytes:
            most = f"{rule.most_bytes / 1e6:.1f} MB or less"
            yield f"is {len(self.data) / 1e6:.1f} MB", most

    def embedded(self, rule: ArtRule) -> tuple[bytes, str, int, int]:
        """Return what is put into files: bytes, media type, width and height.

        The file itself where it is small enough; else a smaller picture of it, a JPEG, the same
        bytes every time.
        """
        most = rule.embed_px
        if most is None or max(self.width, self.height) <= most:
            return self.data, self.mime, self.width, self.height
        return _smaller(self.data, most)


@lru_cache(maxsize=4)
def _smaller(data: bytes, most: int) -> tuple[bytes, str, int, int]:
    """Make a smaller picture; once for all files that carry it, for it takes a tenth of a second.

    Args:
        data: The picture.
        most: Its longer side's pixels at most.
    """
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as picture:
        small = picture.convert("RGB")
        small.thumbnail((most, most), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=_JPEG_QUALITY, subsampling=0, optimize=False)
    return out.getvalue(), "image/jpeg", small.width, small.height


_MODES: Final = {
    "L": "shades of grey",
    "LA": "shades of grey",
    "I": "shades of grey",
    "I;16": "shades of grey",
    "1": "black and white",
    "P": "a palette",
    "RGBA": "RGB with transparency",
    "CMYK": "CMYK, for print",
    "YCCK": "CMYK, for print",
}


def read_art(path: Path, *, where: str, key: str = "art") -> Art:
    """Return a cover; bytes and pixels are capped before anything is decoded.

    Args:
        path: The file.
        where: The document that names it, for errors.
        key: Where the document names it.

    Raises:
        DocumentError: For what cannot be read, is no JPEG or PNG, is too large, or damaged.
    """
    name = shown(path)
    try:
        if not path.is_file():
            raise _unfit(where, key, f"there is no file '{name}'")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _unfit(where, key, f"'{name}' cannot be read: {reason}") from error
    if len(data) > MOST_BYTES:
        raise _unfit(
            where, key, f"'{name}' is larger than {MOST_BYTES >> 20} MB", "save it smaller"
        )
    return _decoded(path, data, where, key)


def _decoded(path: Path, data: bytes, where: str, key: str) -> Art:
    from PIL import Image, UnidentifiedImageError

    name = shown(path)
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as picture:
            width, height = picture.size
            if width * height > MOST_PIXELS:
                reason = f"'{name}' has {width} x {height} pixels"
                raise _unfit(where, key, reason, "10,000 x 10,000 at most")
            picture.load()
            kind: Any = str(picture.format).lower()
            return Art(path, data, kind, width, height, picture.mode)
    except UnidentifiedImageError as error:
        reason = f"'{name}' is no JPEG or PNG"
        raise _unfit(
            where, key, reason, "save it as one; a name alone does not make one"
        ) from error
    except Image.DecompressionBombError as error:
        raise _unfit(
            where, key, f"'{name}' has too many pixels", "10,000 x 10,000 at most"
        ) from error
    except (OSError, SyntaxError, ValueError, MemoryError) as error:  # what decoders raise
        raise _unfit(where, key, f"'{name}' is damaged: {error}", "save it again") from error


def _unfit(where: str, key: str, reason: str, hint: str = "") -> DocumentError:
    return DocumentError(where, (Problem(key, reason, hint),))
