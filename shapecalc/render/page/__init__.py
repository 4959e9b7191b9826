"""The live report: one HTML file in which the formulas run."""

from shapecalc.render.page.document import document as document
