"""Rendering: an analysis as text, JSON, Markdown, LaTeX or CSV. Nothing is computed here."""
