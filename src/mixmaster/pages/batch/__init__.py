"""The page of a batch: every output against its target, what stands out first."""
