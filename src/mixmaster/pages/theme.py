"""The colours, declared once by what they mean; the page and the pictures take them from here.

The six series colours were chosen by a random search in OKLCH: the least distance in OKLab between
any two, seen with normal sight and with the three dichromacies (Machado, Oliveira and Fernandes
2009), made as large as it gets with a contrast of at least 3.3 : 1 to the paper (WCAG 2.2, 1.4.11
asks for 3 : 1). Curves differ in their dashes too, so that no meaning hangs on colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

SERIES = 6
"""How many curves can be told apart in one chart."""

DASHES: tuple[tuple[float, ...], ...] = ((), (7, 3), (2, 2.5), (9, 3, 2, 3), (4, 2), (12, 4))
"""The dash pattern of each series, in pixels."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as ``#rrggbb`` by role."""

    paper: str
    panel: str
    ink: str
    muted: str
    grid: str
    frame: str
    wave: str
    target: str
    fault: str
    s0: str
    s1: str
    s2: str
    s3: str
    s4: str
    s5: str

    def rgb(self, role: str) -> tuple[int, int, int]:
        """Return a role's colour as red, green, blue, 0 to 255."""
        value = getattr(self, role)
        return int(value[1:3], 16), int(value[3:5], 16), int(value[5:7], 16)


LIGHT = Theme(
    paper="#fbfaf7",
    panel="#ffffff",
    ink="#1d1d1b",
    muted="#65635d",
    grid="#e7e4dc",
    frame="#bdb9ae",
    wave="#4d6d93",
    target="#06705a",
    fault="#c4241a",
    s0="#1a4599",
    s1="#9a380b",
    s2="#3d8b6e",
    s3="#7c5689",
    s4="#b07a00",
    s5="#866fbd",
)
DARK = Theme(
    paper="#141517",
    panel="#1a1b1e",
    ink="#ebe9e4",
    muted="#a3a19b",
    grid="#2a2c30",
    frame="#55575c",
    wave="#7f9dc2",
    target="#4fd0ac",
    fault="#ff7d6e",
    s0="#5cbcfa",
    s1="#f28055",
    s2="#5cfdc5",
    s3="#aa6b95",
    s4="#f1da64",
    s5="#837eea",
)
ROLES = tuple(field.name for field in fields(Theme))


def css_variables(theme: Theme) -> str:
    """Return the theme as CSS custom properties."""
    return "".join(f"--{role}:{getattr(theme, role)};" for role in ROLES)
