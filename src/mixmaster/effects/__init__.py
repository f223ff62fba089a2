"""Effects: one file a family, each declaring its settings once beside its processor."""
