"""The frame of every page: templates that escape, the theme's colours, and a content policy.

What comes from outside (names, notes, titles) reaches a page through Jinja2's autoescape, or as
JSON through ``tojson``; a content security policy allows the page's own style and script by a
nonce, and nothing else but what a page says that it needs.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from mixmaster.pages.policy import policy
from mixmaster.pages.theme import DARK, LIGHT, css_variables

if TYPE_CHECKING:
    from jinja2 import Environment

PAGES: Final = "mixmaster.pages"


def filled(package: str, name: str, **values: Any) -> str:
    """Return a template of a package as HTML text, everything in it escaped.

    Args:
        package: Whose ``templates`` folder it lies in.
        name: Its file's name.
        values: What it shows.
    """
    return _environment(package).get_template(name).render(**values)


@cache
def source(package: str, name: str) -> str:
    """Return the text of a file in a package's ``templates`` folder: style or script."""
    from importlib.resources import files

    return (files(package) / "templates" / name).read_text(encoding="utf-8")


def palette() -> str:
    """Return the theme's colours as style: light, and dark where the screen is dark."""
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{css_variables(DARK)}}}}}"
    return f":root{{color-scheme:light dark;{css_variables(LIGHT)}}}{dark}"


def framed(
    *,
    title: str,
    body: str,
    style: str,
    script: str = "",
    data: Any = None,
    plays_files: bool = False,
) -> str:
    """Return a whole page as HTML text: it needs no other file, and asks for none.

    Args:
        title: What the window is called.
        body: What `filled` made.
        style: Ours.
        script: Ours; none, and the page runs none.
        data: What the script reads; JSON-ready.
        plays_files: Whether the page may play sound files that lie beside it.
    """
    return filled(
        PAGES,
        "page.html",
        title=title,
        body=Markup(body),  # noqa: S704 - templates escaped it
        style=Markup(style),  # noqa: S704 - ours
        script=Markup(script),  # noqa: S704 - ours
        data=data,
        **policy(title, body, repr(data), style, script, plays_files=plays_files),
    )


@cache
def _environment(package: str) -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
