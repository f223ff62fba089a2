"""TOML documents: their base, how they are found, layered and checked."""
