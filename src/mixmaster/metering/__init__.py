"""Streaming meters: ``update(block)``, ``result()``; measuring changes nothing."""
