"""How loud an album's tracks are beside each other, how well they go together, and excerpts."""
