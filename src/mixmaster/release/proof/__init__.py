"""Proof: what a release is, said in a file, and whether its folder still is that."""
