"""Accepted sizes: which inputs a model takes, why it rejects the others, and solving backwards."""
