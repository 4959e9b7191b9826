"""Modules of losses, for specs: https://pytorch.org/docs/stable/nn.html#loss-functions."""

from __future__ import annotations

from shapecalc.dims import Shape
from shapecalc.ops.loss import POSITIONAL, Loss, legacy_reduction
from shapecalc.registry import Built, layer

_FUNCTIONS = {
    "L1Loss": "l1_loss",
    "MSELoss": "mse_loss",
    "SoftMarginLoss": "soft_margin_loss",
    "MultiLabelMarginLoss": "multilabel_margin_loss",
    "BCELoss": "binary_cross_entropy",
    "MultiLabelSoftMarginLoss": "multilabel_soft_margin_loss",
    "HingeEmbeddingLoss": "hinge_embedding_loss",
    "CosineEmbeddingLoss": "cosine_embedding_loss",
    "MarginRankingLoss": "margin_ranking_loss",
}


def _built(
    function: str,
    inputs: tuple[Shape, ...],
    reduction: str,
    size_average: bool | None = None,
    reduce: bool | None = None,
) -> Built:
    if size_average is not None or reduce is not None:
        reduction = legacy_reduction(size_average, reduce)
    roles = POSITIONAL.get(function, ("input", "target"))[: len(inputs)]
    return Built(Loss(function=function, reduction=reduction, roles=roles))


@layer("L1Loss", "MSELoss", "SoftMarginLoss", "MultiLabelMarginLoss")
def build_plain_loss(
    name: str,
    inputs: tuple[Shape, ...],
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.MSELoss.html"""
    return _built(_FUNCTIONS[name], inputs, reduction, size_average, reduce)


@layer("BCELoss", "MultiLabelSoftMarginLoss")
def build_binary_loss(
    name: str,
    inputs: tuple[Shape, ...],
    weight: object = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.BCELoss.html"""
    return _built(_FUNCTIONS[name], inputs, reduction, size_average, reduce)


@layer("BCEWithLogitsLoss")
def build_logits_loss(
    name: str,
    inputs: tuple[Shape, ...],
    weight: object = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: object = None,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html"""
    return _built("binary_cross_entropy_with_logits", inputs, reduction, size_average, reduce)


@layer("CrossEntropyLoss")
def build_cross_entropy_loss(
    name: str,
    inputs: tuple[Shape, ...],
    weight: object = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html"""
    # a spec has no types: a target with the axis of the classes holds probabilities
    probabilities = len(inputs) == 2 and len(inputs[0]) == len(inputs[1])
    function = "cross_entropy_of_probabilities" if probabilities else "cross_entropy"
    return _built(function, inputs, reduction, size_average, reduce)


@layer("NLLLoss")
def build_nll_loss(
    name: str,
    inputs: tuple[Shape, ...],
    weight: object = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html"""
    return _built("nll_loss", inputs, reduction, size_average, reduce)


@layer("PoissonNLLLoss")
def build_poisson_loss(
    name: str,
    inputs: tuple[Shape, ...],
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.PoissonNLLLoss.html"""
    return _built("poisson_nll_loss", inputs, reduction, size_average, reduce)


@layer("GaussianNLLLoss")
def build_gaussian_loss(
    name: str,
    inputs: tuple[Shape, ...],
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html"""
    return _built("gaussian_nll_loss", inputs, reduction)


@layer("KLDivLoss")
def build_kl_div_loss(
    name: str,
    inputs: tuple[Shape, ...],
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html"""
    return _built("kl_div", inputs, reduction, size_average, reduce)


@layer("HingeEmbeddingLoss")
def build_hinge_loss(
    name: str,
    inputs: tuple[Shape, ...],
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.HingeEmbeddingLoss.html"""
    return _built(_FUNCTIONS[name], inputs, reduction, size_average, reduce)


@layer("CosineEmbeddingLoss", "MarginRankingLoss")
def build_pair_loss(
    name: str,
    inputs: tuple[Shape, ...],
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.MarginRankingLoss.html"""
    return _built(_FUNCTIONS[name], inputs, reduction, size_average, reduce)


@layer("SmoothL1Loss")
def build_smooth_l1_loss(
    name: str,
    inputs: tuple[Shape, ...],
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html"""
    return _built("smooth_l1_loss", inputs, reduction, size_average, reduce)


@layer("HuberLoss")
def build_huber_loss(
    name: str, inputs: tuple[Shape, ...], reduction: str = "mean", delta: float = 1.0
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html"""
    return _built("huber_loss", inputs, reduction)


@layer("MultiMarginLoss")
def build_multi_margin_loss(
    name: str,
    inputs: tuple[Shape, ...],
    p: int = 1,
    margin: float = 1.0,
    weight: object = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.MultiMarginLoss.html"""
    return _built("multi_margin_loss", inputs, reduction, size_average, reduce)


@layer("TripletMarginLoss")
def build_triplet_loss(
    name: str,
    inputs: tuple[Shape, ...],
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.TripletMarginLoss.html"""
    return _built("triplet_margin_loss", inputs, reduction, size_average, reduce)


@layer("CTCLoss")
def build_ctc_loss(
    name: str,
    inputs: tuple[Shape, ...],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Built:
    """https://pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html"""
    return _built("ctc_loss", inputs, reduction)
