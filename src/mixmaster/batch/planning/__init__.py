"""From what is wanted to a plan: songs found, documents resolved, keys made, outputs judged."""
