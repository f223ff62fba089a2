"""Compact discs: sequenced on marks, written as CUE and WAV and as a DDP fileset, read back."""
