"""Sessions: one song's document, how one is started, opened, and compared with its stems."""
