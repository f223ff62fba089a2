"""Releases: from mixes and approved masters to folders that are uploaded, pressed and sent out."""
