"""Where a trace ends for a reason of its own, the model is not blamed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import shapecalc


class Applying(nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def slope(x: Tensor) -> Tensor:
    with torch.enable_grad():
        y = x.clone().requires_grad_()
        return torch.autograd.grad(y.square().sum(), y)[0]


@pytest.mark.parametrize(
    "function",
    [
        torch.vmap(torch.sin),
        slope,
        lambda x: x + torch.from_numpy(np.zeros(tuple(x.shape), dtype=np.float32)),
        lambda x: x * float(x.mean()),
        lambda x: torch.tensor(x.tolist()),
    ],
)
def test_what_runs_is_no_mistake(function: Callable[[Tensor], Tensor]) -> None:
    model = Applying(function)
    assert model(torch.rand(2, 3)).shape == (2, 3)
    assert not shapecalc.check(model, (2, 3)).errors


def test_what_does_not_run_is_one() -> None:
    model = Applying(lambda x: x.flaten(1))  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        model(torch.rand(2, 3))
    (finding,) = shapecalc.check(model, (2, 3)).errors
    assert finding.kind == "code_error"
    assert finding.message == "AttributeError: 'Tensor' object has no attribute 'flaten'"
