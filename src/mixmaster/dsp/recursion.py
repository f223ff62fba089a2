"""scipy's compiled recursions without the rest of ``scipy.signal``.

A recursion is the one thing that numpy cannot do: each sample waits for the one before it. scipy
has the two loops that are needed, ``sosfilt`` and ``lfilter``, in small compiled modules; but
importing the package around them brings statistics, integration and interpolation along: half a
second and 50 MB in every command and every worker. And their public wrappers take 20 microseconds
a call under Python's lock, as long as a filter takes for some thousand samples. So the compiled
modules are loaded by themselves, under their own names, which a later ``import scipy.signal`` finds
and takes. They are no public interface: each is tried on a signal whose answer is known to the bit,
and where it is not there or answers otherwise, scipy's public functions, which call the very same
loops, take its place.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import scipy

from mixmaster.arrays import Block

_PACKAGE = "scipy.signal"


class SosKernel(Protocol):
    """``sosfilt`` in place."""

    def __call__(self, sos: Block, lines: Block, state: Block, /) -> None:
        """Filter ``lines`` in place, and leave ``state`` as it is after them.

        Args:
            sos: ``(sections, 6)``, a0 = 1.
            lines: ``(channels, frames)``, C-contiguous.
            state: ``(channels, sections, 2)``, C-contiguous.
        """


class LineKernel(Protocol):
    """``lfilter`` along the last axis."""

    def __call__(
        self, b: Block, a: Block, lines: Block, axis: int, state: Block, /
    ) -> tuple[Block, Block]:
        """Return the filtered lines and their state; ``a`` has two coefficients or more."""


def _compiled(name: str) -> Any:
    """Return a compiled module of scipy's, without its package where that was not imported."""
    full = f"{_PACKAGE}.{name}"
    if _PACKAGE in sys.modules or full in sys.modules:
        return import_module(full)
    folder = Path(scipy.__file__).with_name("signal")
    spec = PathFinder.find_spec(full, [str(folder)])
    if spec is None or spec.loader is None:
        return import_module(full)
    module = module_from_spec(spec)
    sys.modules[full] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[full]
        raise
    return module


def _public_sos(sos: Block, lines: Block, state: Block, /) -> None:
    from scipy.signal import sosfilt

    lines[...], after = sosfilt(sos, lines, axis=-1, zi=state.transpose(1, 0, 2))
    state[...] = after.transpose(1, 0, 2)


def _public_line(
    b: Block, a: Block, lines: Block, axis: int, state: Block, /
) -> tuple[Block, Block]:
    from scipy.signal import lfilter

    out, after = lfilter(b, a, lines, axis=axis, zi=state)
    return np.asarray(out), np.asarray(after)


def sos_kernel() -> SosKernel:
    """Return the loop behind ``sosfilt``."""
    try:
        found: SosKernel = _compiled("_sosfilt")._sosfilt  # noqa: SLF001  # see above
        lines, state = np.array([[1.0, 0.0, 0.0]]), np.zeros((1, 1, 2))
        found(np.array([[0.5, 0.0, 0.0, 1.0, -0.5, 0.0]]), lines, state)
        if lines.tolist() == [[0.5, 0.25, 0.125]] and state.tolist() == [[[0.0625, 0.0]]]:
            return found
    except (AttributeError, ImportError, TypeError, ValueError):
        pass  # another scipy than those that are known: what is public does the same
    return _public_sos


def line_kernel() -> LineKernel:
    """Return the loop behind ``lfilter``."""
    try:
        found: LineKernel = _compiled("_sigtools")._linear_filter  # noqa: SLF001  # see above
        lines, state = np.array([1.0, 0.0, 0.0]), np.zeros(1)
        out, after = found(np.array([0.5]), np.array([1.0, -0.5]), lines, -1, state)
        if out.tolist() == [0.5, 0.25, 0.125] and after.tolist() == [0.0625]:
            return found
    except (AttributeError, ImportError, TypeError, ValueError):
        pass  # as above
    return _public_line


sos_in_place = sos_kernel()
line_filter = line_kernel()
