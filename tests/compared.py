"""A model compared with itself: every module call and every op, at several sizes."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

from torch import nn

from shapecalc.analysis import Analysis, analyze


def compared(
    model: nn.Module,
    *patterns: str,
    sizes: Sequence[Mapping[str, int]],
    train: bool = False,
    **named: str,
) -> Analysis:
    """Analyse a model with rules alone, compare it with real forward passes, and return that."""
    with warnings.catch_warnings(action="ignore"):
        analysis = analyze(model, *patterns, train=train, **named)
        assert not analysis.graph.findings, analysis.graph.findings[0]
        assert [str(layer) for layer in analysis.layers if layer.label != "proved"] == []
        verification = analysis.verify(sizes=sizes, fields=False)
    assert verification, verification
    assert all(run.compared for run in verification.runs), "the sizes are to be accepted"
    return analysis
