"""How a release gets into its folder: all at once, or not at all."""
