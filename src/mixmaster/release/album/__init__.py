"""The release document: what an album is, and what every place needs to know of it."""
