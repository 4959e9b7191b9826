"""Tests: real against real. The oracle is PyTorch, never an earlier output of shapecalc."""
