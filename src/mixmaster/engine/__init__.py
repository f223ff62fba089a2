"""The graph that audio flows through: scheduling, latency, tails, spool, manifests, publishing."""
