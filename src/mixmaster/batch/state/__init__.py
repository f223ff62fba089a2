"""What a batch knows of its output folder: hashes, notes, locks, costs; whole or not there."""
