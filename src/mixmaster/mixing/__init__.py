"""Mix presets, stem names and roles, gain staging, and the console built from them."""
