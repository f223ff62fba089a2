"""Recall: a mix made again from its manifest, and in what two of them differ."""
