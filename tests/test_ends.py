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


class Reading(nn.Module):
    """What a recurrent layer returns is handled with care."""

    def __init__(self, read: Callable[[object], Tensor]) -> None:
        super().__init__()
        self.rnn = nn.LSTM(3, 4, batch_first=True)
        self.read = read

    def forward(self, x: Tensor) -> Tensor:
        return self.read(self.rnn(x))


def asked(returned: object) -> Tensor:
    if hasattr(returned, "shape") or isinstance(getattr(returned, "mean", None), Tensor):
        return returned
    return returned[0] if isinstance(returned, tuple) else returned


def tried(returned: object) -> Tensor:
    try:
        return returned.mean(1)
    except AttributeError:
        return returned[0].mean(1)


@pytest.mark.parametrize(
    "read",
    [
        asked,
        tried,
        lambda returned: (returned + (returned[0],))[2],  # noqa: RUF005  # that is what is tested
        lambda returned: torch.cat(returned[1], dim=-1),
        lambda returned: next(iter(returned)),
        lambda returned: returned[-1][-1] if len(returned) == 2 else returned,
        lambda returned: returned[:1][0].sum(),
    ],
)
def test_a_tuple_may_be_used_as_one(read: Callable[[object], Tensor]) -> None:
    model = Reading(read)
    model(torch.rand(2, 5, 3))
    assert not shapecalc.check(model, (2, 5, 3)).errors
