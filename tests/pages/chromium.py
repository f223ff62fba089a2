"""Debian's Chromium, as the tests of pages open it, and what a page says while it is open."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
)

needs_chromium = pytest.mark.skipif(
    not CHROMIUM.exists(), reason="there is no Chromium at /usr/bin/chromium"
)


@dataclass
class Seen:
    """What a page said and asked for while it was open."""

    console: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def quiet(self) -> None:
        assert self.console == []
        assert self.errors == []
        assert self.dialogs == []

    def nothing(self, url: str) -> None:
        self.quiet()
        assert self.requests == [url]


def watched(page: Page) -> Seen:
    seen = Seen()
    page.on("console", lambda message: seen.console.append(message.text))
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("dialog", seen.dialog)
    return seen


def opened(
    browser: Browser, path: Path, *, fragment: str = "", **settings: Any
) -> tuple[Page, Seen]:
    page = browser.new_page(**settings)
    seen = watched(page)
    page.goto(path.as_uri() + fragment)
    return page, seen


def until(page: Page, condition: str, *, seconds: float = 20.0) -> None:
    """Wait for a condition; Playwright's own way is what the page's policy forbids."""
    for _ in range(round(seconds / 0.02)):
        if page.evaluate(f"Boolean({condition})"):
            return
        page.wait_for_timeout(20)
    raise AssertionError(condition)


def check(seen: Seen, root: str) -> None:
    """Assert that an A/B page said nothing, and asked for itself and its own audio alone."""
    seen.quiet()
    for url in seen.requests:
        rest = url.split("#")[0].removeprefix(root + "/")
        assert rest == "index.html" or (rest.startswith("audio/") and rest.endswith(".js")), url
