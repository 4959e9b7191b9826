"""Exceptions of the model's own code."""

from __future__ import annotations

from torch import Tensor, nn

from tests.diagnosis_pairs import Pair


class Misspelled(nn.Module):
    """A convolution, and a line that raises."""

    def __init__(self, method: str) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.method = method

    def forward(self, x: Tensor) -> Tensor:
        return getattr(self.stem(x), self.method)(1)


class Arguments(nn.Module):
    """A layer that is called with too many tensors, before one that fits."""

    def __init__(self, copies: int) -> None:
        super().__init__()
        self.stem = nn.Linear(8, 16)
        self.head = nn.Linear(16, 4)
        self.copies = copies

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.stem(*(x for _ in range(self.copies))))


class Scaled(nn.Module):
    """Numbers, converted or not before they meet weights."""

    def __init__(self, first: nn.Module, method: str) -> None:
        super().__init__()
        self.first = first
        self.method = method

    def forward(self, x: Tensor) -> Tensor:
        return self.first(getattr(x, self.method)())


PAIRS = [
    Pair(
        kind="input_dtype",
        broken=lambda: Scaled(nn.Embedding(50, 8), "float"),
        repaired=lambda: Scaled(nn.Embedding(50, 8), "long"),
        inputs=("N,8:int64",),
        layer="first",
    ),
    Pair(
        kind="input_dtype",
        broken=lambda: Scaled(nn.Conv2d(3, 4, 3), "contiguous"),
        repaired=lambda: Scaled(nn.Conv2d(3, 4, 3), "float"),
        inputs=("N,3,8,8:uint8",),
        layer="first",
    ),
    Pair(
        kind="input_dtype",
        broken=lambda: Scaled(nn.GRU(8, 4, batch_first=True), "contiguous"),
        repaired=lambda: Scaled(nn.GRU(8, 4, batch_first=True), "float"),
        inputs=("N,5,8:int64",),
        layer="first",
    ),
    Pair(
        kind="code_error",
        broken=lambda: Misspelled("flaten"),
        repaired=lambda: Misspelled("flatten"),
        inputs=("N,3,16,16",),
        repairs=False,
    ),
    Pair(
        kind="code_error",
        broken=lambda: Arguments(2),
        repaired=lambda: Arguments(1),
        inputs=("N,8",),
        layer="stem",
        repairs=False,
    ),
]
