"""The command line: one file a command; each parses, calls one function, prints."""

from __future__ import annotations


def main() -> None:
    """Run the command line and exit with its status."""
    import sys

    from mixmaster.cli.app import run

    sys.exit(run(sys.argv[1:]))
