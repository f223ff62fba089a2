"""A batch that runs: stages handed out, results taken, what has failed set aside."""
