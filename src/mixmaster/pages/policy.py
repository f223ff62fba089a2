"""The content security policy of every page: its own style and scripts, and nothing else at all."""

from __future__ import annotations

import base64
import hashlib


def policy(*content: str, plays_files: bool = False) -> dict[str, str]:
    """Return a page's ``nonce``, and the ``policy`` that names it.

    The nonce is a hash of all that the page holds: the same page has the same bytes, and a name
    that wanted to carry the nonce would have to hold a hash of itself.

    Args:
        content: All parts of the page.
        plays_files: Whether it may play sound files that lie where it lies.
    """
    digest = hashlib.sha256("\0".join(content).encode("utf-8", "surrogatepass")).digest()
    nonce = base64.urlsafe_b64encode(digest[:18]).decode("ascii")
    # Firefox takes 'self' for no file on the disk
    media = "media-src 'self' file:; " if plays_files else ""
    text = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
        f"{media}img-src data:; base-uri 'none'; form-action 'none'"
    )
    return {"nonce": nonce, "policy": text}
