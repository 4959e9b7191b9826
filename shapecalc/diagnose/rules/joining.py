"""Mistakes where branches are joined: cat and stack."""
