"""The smallest chain and target that there are: for tests of what stands around mastering."""

from __future__ import annotations

CHAIN = """
format = 1
kind = "mastering"
name = "Gain"
[[insert]]
effect = "limiter"
"""
"""A limiter, and nothing else."""

TARGET = """
format = 1
kind = "target"
name = "{name}"
integrated_lufs = {lufs}
true_peak_dbtp = -1.0
[file]
format = "{form}"
bit_depth = 16
"""
"""To be formatted with a ``name``, ``lufs`` and ``form``."""
