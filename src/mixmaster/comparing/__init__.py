"""Versions of a song made comparable: aligned, level-matched, and what listeners said of them."""
