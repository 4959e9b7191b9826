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


PAIRS = [
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
