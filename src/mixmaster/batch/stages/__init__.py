"""Stages, the units of a batch's work: as data, and how each is done in a process of its own."""
