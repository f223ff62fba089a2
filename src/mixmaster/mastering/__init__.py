"""Mastering chains, delivery targets, and the solver that lands on them."""
