"""What a model of text, sound or video is, as the tests list it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import nn

TEXT = [{"N": 2, "T": 16}, {"N": 3, "T": 21}, {"N": 1, "T": 9}]
SOUND = [{"N": 2, "T": 1600}, {"N": 3, "T": 2113}, {"N": 1, "T": 1999}]
VIDEO = [{"N": 2, "T": 8, "H": 32, "W": 40}, {"N": 1, "T": 9, "H": 33, "W": 35}]

Factory = Callable[[], nn.Module]


@dataclass(frozen=True)
class Model:
    """A model, its inputs, and the formula that is expected of its output.

    `out` is empty where a loop over the steps makes it one case among many.
    """

    make: Factory
    patterns: tuple[str, ...]
    sizes: Sequence[Mapping[str, int]]
    out: str = ""

    def __str__(self) -> str:
        return self.make.__name__


def collector(models: list[Model]) -> Callable[..., Callable[[Factory], Factory]]:
    """Return a decorator that puts what makes a model into a list."""

    def model(
        *patterns: str, sizes: Sequence[Mapping[str, int]], out: str = ""
    ) -> Callable[[Factory], Factory]:
        def collect(make: Factory) -> Factory:
            models.append(Model(make, patterns, sizes, out))
            return make

        return collect

    return model
