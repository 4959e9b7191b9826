"""Accepted sizes: which inputs a model takes, why it rejects the others, and solving backwards."""

from shapecalc.sizes.accepted import AcceptedSizes as AcceptedSizes
