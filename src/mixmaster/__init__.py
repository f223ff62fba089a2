"""mixmaster: a headless audio pipeline for mixing, mastering and release."""

__version__ = "0.1.0"
