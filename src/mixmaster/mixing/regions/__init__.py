"""Regions: pieces of takes placed in a stem's time, stretched and joined."""
