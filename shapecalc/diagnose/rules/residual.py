"""Mistakes where branches are added: shortcuts, skips, sums."""
