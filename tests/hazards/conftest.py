"""The command line run in this process, as tests/cli has it."""

from __future__ import annotations

from tests.cli.conftest import mixmaster, out, plain_environment, stem

__all__ = ["mixmaster", "out", "plain_environment", "stem"]
