"""The paths of a model: pieces and rejections cut the input space without gap or overlap."""

from __future__ import annotations

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import shapecalc
from shapecalc.errors import RejectedInput


class PadsToMultiple(nn.Module):
    """Pads to a multiple of 4, convolves with a stride, and crops."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(1, 2, 4, 4), nn.ConvTranspose2d(2, 1, 4, 4)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        if height % 4 or width % 4:
            x = F.pad(x, (0, -width % 4, 0, -height % 4))
        return self.up(self.down(x))[..., :height, :width]


class Square(nn.Module):
    """Says by itself what it takes."""

    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[2] == x.shape[3], "not a square"
        if x.shape[2] > 9:
            raise ValueError("too large")
        return x.flatten(1)


class Small(nn.Module):
    """Takes another way for small images, on which something else is required."""

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[2] < 6:
            return F.max_pool2d(x, (3, 1))
        return torch.cat([x[:, :, ::2], x[:, :, 1::2]], 1)


class Catches(nn.Module):
    """Falls back where a view is refused."""

    def forward(self, x: Tensor) -> Tensor:
        try:
            return x.reshape(-1, 6)
        except RuntimeError:
            return x.flatten(1)


class CatchesOutside(nn.Module):
    """Falls back where a view within another module is refused."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Unflatten(2, (-1, 2))

    def forward(self, x: Tensor) -> Tensor:
        try:
            return self.joined(x)
        except RuntimeError:
            return x.flatten(1)

    def joined(self, x: Tensor) -> Tensor:
        return torch.cat([self.inner(x)[:, :, :, 0], x[:, :, ::2]], 1)


class Product(nn.Module):
    """A number of tokens has to be right."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(1, 12, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(2).transpose(1, 2) + self.table


class Divides(nn.Module):
    """Divides by a size that may be 0."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, : x.shape[3] // (x.shape[2] // 4)]


class Catalogue(nn.Module):
    """Knows some sizes only."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) * {4: 1.0, 6: 2.0}[x.shape[2]]


class Looks(nn.Module):
    """Asks tables for positions that count up with the sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(9, 4)
        self.register_buffer("order", torch.tensor([4, 1, 0]))

    def forward(self, x: Tensor) -> Tensor:
        places = torch.arange(x.shape[2]).unsqueeze(0) + 1
        rows = self.table(places).sum() + x[:, 0, torch.arange(x.shape[3], dtype=torch.int64)].sum()
        return rows + x.index_select(3, self.order)


class Permutes(nn.Module):
    """Views what a convolution made after its axes were permuted, which torch refuses."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x).permute(0, 2, 3, 1).view(x.shape[0], -1)


MODELS = [
    PadsToMultiple,
    Square,
    Small,
    Catches,
    CatchesOutside,
    Product,
    Divides,
    Catalogue,
    Looks,
    Permutes,
]
BOX = range(1, 15)


@pytest.mark.parametrize("model", MODELS)
def test_every_size_is_in_one_set_and_torch_agrees(model: type[nn.Module]) -> None:
    module = model().eval()
    analysis = shapecalc.analyze(module, "N,1,H,W")
    accepted = analysis.sizes
    counted = {True: 0, False: 0}
    for n, height, width in itertools.product((1, 2), BOX, BOX):
        at = {"N": n, "H": height, "W": width}
        homes = [piece for piece in accepted.pieces if piece.sizes.contains(at)]
        reasons = accepted.reasons(**at)
        if accepted.complete:
            assert len(homes) + len(reasons) == 1, at
        try:
            out = tuple(module(torch.zeros(n, 1, height, width)).shape)
        except (RuntimeError, ValueError, AssertionError, ArithmeticError, LookupError):
            out = None
        counted[out is not None] += 1
        assert accepted.contains(**at) == (out is not None), at
        for piece in homes:
            assert piece.graph.holds(at)
            assert analysis.at(**at).output == out
    assert counted[True]


def test_a_path_for_every_number_is_left_unexplored() -> None:
    class Unrolled(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.stack([x[:, step] for step in range(x.shape[1])])

    analysis = shapecalc.analyze(Unrolled(), "N,T")
    accepted = analysis.sizes
    assert not accepted.complete
    assert accepted.unexplored
    assert accepted.contains(N=2, T=3)  # traced when it is asked for
    assert analysis.at(N=2, T=3).output == (3, 2)


def test_a_budget_of_one_trace_claims_nothing_beyond() -> None:
    analysis = shapecalc.analyze(Small(), "N,1,H,W")
    accepted = analysis.explore(traces=0)
    assert len(accepted.pieces) == 1
    assert len(accepted.unexplored) == 1
    assert analysis.explore().complete


def test_a_model_that_takes_nothing() -> None:
    analysis = shapecalc.analyze(nn.Sequential(nn.Linear(3, 4), nn.Linear(5, 3)), "N,3")
    assert not analysis.sizes.pieces
    assert analysis.sizes.complete
    assert analysis.sizes.nearest(N=1) is None
    with pytest.raises(RejectedInput) as caught:
        analysis.at(N=1)
    assert caught.value.nearest is None


def test_rejected_sizes_come_with_the_nearest_accepted_ones() -> None:
    analysis = shapecalc.analyze(Product(), "N,1,H,W")
    with pytest.raises(RejectedInput) as caught:
        analysis.at(N=2, H=3, W=5)
    assert caught.value.nearest == {"N": 2, "H": 3, "W": 4}
    assert analysis.sizes.nearest(H=3, W=5) == {"H": 3, "W": 4}
