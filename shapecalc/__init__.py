"""Exact shapes and receptive fields of PyTorch models, for every input size at once."""
