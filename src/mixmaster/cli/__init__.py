"""The command line: one file a command; each parses, calls one function, prints."""

from __future__ import annotations


def main() -> None:
    """Run the command line and exit with its status."""
    import sys

    try:
        from mixmaster.cli.app import run
        from mixmaster.cli.streams import hold_descriptors

        hold_descriptors()
        status = run(sys.argv[1:], to_the_end=True)
    except KeyboardInterrupt:  # before there was anything to clean up
        status = 130
    sys.exit(status)
