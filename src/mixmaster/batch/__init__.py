"""Batch: hundreds of songs through mixing and mastering, only what has changed, come what may."""
