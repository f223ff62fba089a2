"""The pages of a release: its proof, and its delivery notes."""
