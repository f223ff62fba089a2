"""All that touches audio files: block sources with rate conversion, sinks, formats."""
