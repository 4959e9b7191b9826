"""What is known of a model: made by `analyze`, and asked by every command."""

from shapecalc.analysis.analysis import Analysis as Analysis
from shapecalc.analysis.entry import analyze as analyze
