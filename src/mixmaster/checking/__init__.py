"""Checks: whether stems are fit to be mixed, and masters to be delivered."""
