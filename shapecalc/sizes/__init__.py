"""Accepted sizes: which inputs a model takes, and why it rejects the others."""

from shapecalc.sizes.accepted import AcceptedSizes as AcceptedSizes
