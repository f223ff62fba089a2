"""Pure numerical cores: arrays in, arrays out; no documents, no files."""
