"""Mistakes of flatten and view: the same elements under other sizes."""
