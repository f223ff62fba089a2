"""Prints: a song's versions and stems, which files they are, and all of them in one run."""
