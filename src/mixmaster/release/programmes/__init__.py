"""Tracks joined without a gap: put together, mastered in one run, and cut at the track marks."""
