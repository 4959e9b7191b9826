"""Dropout layers: https://pytorch.org/docs/stable/nn.html#dropout-layers."""

from __future__ import annotations

from dataclasses import dataclass, field

from shapecalc.access import Reads, same
from shapecalc.dims import Shape
from shapecalc.errors import RankError, SizeError
from shapecalc.op import Call, Op, Operand, OutShape, require_rank
from shapecalc.registry import Built, layer, reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropout(Op):
    """Elements, or whole channels, put to a constant at random while training.

    Shapes:
        x: any shape; `Dropout1d` takes (N, C, L) or (C, L)
        output: the shape of `x`

    Units:
        p: the probability of an element, or a channel, to be dropped.

    Raises:
        RankError: `x` has no channels to drop.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html
    """

    function: str = field(default="Dropout", repr=False)  # it is `kind`
    p: float = 0.5
    training: bool = False

    @property
    def kind(self) -> str:
        """`Dropout`, `Dropout2d`, `AlphaDropout` and so on."""
        return self.function

    def out_shape(self, x: Shape) -> OutShape:
        """Keep the shape."""
        if self.function == "Dropout1d":
            require_rank(x, 2, 3, layout="(N, C, L)")
        drops = self.training and 0 < self.p < 1
        if drops and self.function in _WITH_CHANNELS and len(x) < 2:
            raise RankError(f"expected 2 or more dimensions (N, C, *), got {len(x)}: {x}")
        return x

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read one element, unless all are dropped."""
        return [None if self.training and self.p == 1 else same(len(out))]


_KINDS = {
    "dropout": "Dropout",
    "dropout1d": "Dropout1d",
    "dropout2d": "Dropout2d",
    "dropout3d": "Dropout3d",
    "alpha_dropout": "AlphaDropout",
    "feature_dropout": "FeatureDropout",
    "feature_alpha_dropout": "FeatureAlphaDropout",
}
# Dropout3d adds an axis to whatever is not 5-dimensional
_WITH_CHANNELS = ("Dropout2d", "FeatureDropout", "FeatureAlphaDropout")


def dropout(kind: str, p: float, *, training: bool = False) -> Dropout:
    """Return the op, after the check of the probability."""
    if not 0 <= p <= 1:
        raise SizeError(f"the probability of dropout is between 0 and 1, got {p}")
    return Dropout(function=kind, p=float(p), training=training)


@reader(*_KINDS, named=True)
def read_dropout(
    name: str,
    input: Operand,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    train: bool | None = None,  # as torch.dropout calls it
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html"""
    training = training if train is None else train
    return Call(dropout(_KINDS[name], p, training=training), (input,))


@layer(*(kind for kind in _KINDS.values() if kind != "FeatureDropout"))
def build_dropout(
    name: str, inputs: tuple[Shape, ...], p: float = 0.5, inplace: bool = False
) -> Built:
    """https://pytorch.org/docs/stable/nn.html#dropout-layers"""
    return Built(dropout(name, p))
