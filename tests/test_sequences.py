"""Text, sound and video: the formulas in T are as good as those in H and W."""

from __future__ import annotations

import pytest

from tests import signal_models, text_models
from tests.compared import compared
from tests.sequence_model import Model


@pytest.mark.parametrize("model", text_models.MODELS + signal_models.MODELS, ids=str)
def test_a_model_over_time(model: Model) -> None:
    analysis = compared(model.make(), *model.patterns, sizes=model.sizes)
    if model.out:
        assert str(analysis.output) == model.out
