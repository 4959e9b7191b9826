"""Diagrams: annotated pictures of a model, in SVG, PNG, PDF, DOT, Mermaid and LaTeX."""
