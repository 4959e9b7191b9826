"""Rows for shapecalc/ops/loss.py."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from tests.op_cases.case import C, Case, D, H, L, N, Rejects, T, W
from tests.op_cases.linalg import quiet

WHOLE = "int64"
REDUCTIONS = ("none", "mean", "sum")
ELEMENTWISE = (F.l1_loss, F.mse_loss, F.smooth_l1_loss, F.huber_loss, F.kl_div, F.poisson_nll_loss)
OF_SIGNS = (F.soft_margin_loss, F.hinge_embedding_loss, F.binary_cross_entropy_with_logits)


def each(function, x, out, **options):
    """Return a row for every reduction of a loss; `out` is its shape without one."""
    return [
        Case(quiet(function, reduction=reduction, **options), x, out if reduction == "none" else ())
        for reduction in REDUCTIONS
    ]


def weighted(function, name="weight", **options):
    """Return a loss of (input, target, weight)."""
    return lambda x, target, weight: function(x, target, **{name: weight}, **options)


def ctc(log_probs, targets):
    """Return the loss for sequences of the full length."""
    steps, batch, _ = log_probs.shape
    full = torch.full((batch,), steps, dtype=torch.int64)
    return F.ctc_loss(log_probs, targets, full, torch.ones_like(full), reduction="none")


def ctc_in_a_row(log_probs, targets):
    """Return the loss for one target a sequence, all in one axis."""
    steps, batch, _ = log_probs.shape
    full = torch.full((batch,), steps, dtype=torch.int64)
    return F.ctc_loss(log_probs, targets, full, torch.ones_like(full), reduction="none")


CASES = [
    *(case for loss in (*ELEMENTWISE, *OF_SIGNS) for case in each(loss, [(N, C, T), (N, C, T)], (N, C, T))),
    *(case for loss in ELEMENTWISE for case in each(loss, [(N, C, T), (C, 1)], (N, C, T))),
    Case(quiet(F.kl_div, reduction="batchmean"), [(N, C), (N, C)], ()),
    *each(F.binary_cross_entropy, [(N, C), (N, C)], (N, C)),
    *each(F.gaussian_nll_loss, [(N, D), (N, D), (N, D)], (N, D)),
    *each(F.gaussian_nll_loss, [(N, D), (N, D), (N,)], (N, D)),
    *each(F.gaussian_nll_loss, [(N, D), (N, D), (N, 1)], (N, D)),
    *each(F.cross_entropy, [(N, 5), (N, WHOLE)], (N,)),
    *each(F.cross_entropy, [(N, 5, H, W), (N, H, W, WHOLE)], (N, H, W), label_smoothing=0.1),
    *each(F.cross_entropy, [(N, 5, H, W), (N, 5, H, W)], (N, H, W)),
    *each(F.cross_entropy, [(5,), (WHOLE,)], ()),
    *each(F.nll_loss, [(N, 5, L), (N, L, WHOLE)], (N, L)),
    *each(F.multi_margin_loss, [(N, 5), (N, WHOLE)], (N,)),
    *each(F.multilabel_margin_loss, [(N, C), (N, C, WHOLE)], (N,)),
    *each(F.multilabel_soft_margin_loss, [(N, C), (N, C)], (N,)),
    *each(F.margin_ranking_loss, [(N, C), (N, C), (N, C)], (N, C)),
    *each(F.cosine_embedding_loss, [(N, D), (N, D), (N,)], (N,)),
    *each(F.triplet_margin_loss, [(N, T, D), (N, T, D), (N, T, D)], (N, T)),
    Case(F.cosine_embedding_loss,                              [(D,), (D,), ()],             ()),
    Case(nn.CrossEntropyLoss(torch.ones(5), reduction="none"), [(N, 5, L), (N, L, WHOLE)],   (N, L)),
    Case(nn.NLLLoss(),                                         [(N, 5), (N, WHOLE)],         ()),
    Case(quiet(F.mse_loss, size_average=False),                [(N, C), (N, C)],             ()),
    Case(quiet(F.mse_loss, reduce=False),                      [(N, C), (N, C)],             (N, C)),
    Case(weighted(F.mse_loss, reduction="none"),               [(N, C), (N, C), (N, C)],     (N, C)),
    Case(weighted(F.binary_cross_entropy, reduction="none"),   [(N, C), (N, C), (C,)],       (N, C)),
    Case(weighted(F.binary_cross_entropy_with_logits, "pos_weight", reduction="none"), [(N, C), (N, C), (C,)], (N, C)),
    Case(weighted(F.cross_entropy, reduction="none"),          [(N, 5, L), (N, L, WHOLE), (5,)], (N, L)),
    Case(weighted(F.cross_entropy),                            [(N, 5), (N, WHOLE), (5,)],   ()),
    Case(weighted(F.cross_entropy, reduction="none"),          [(N, 5, L), (N, 5, L), (5,)], (N, L)),
    Case(weighted(F.nll_loss, reduction="none"),               [(N, 5), (N, WHOLE), (5,)],   (N,)),
    Case(weighted(F.multi_margin_loss, reduction="none"),      [(N, 5), (N, WHOLE), (5,)],   (N,)),
    Case(weighted(F.multilabel_soft_margin_loss, reduction="none"), [(N, C), (C,), (N, 1)],  (N,)),
    Case(quiet(F.cross_entropy, reduction="none"),             [(5,), (1, WHOLE)],           ()),
    Case(quiet(F.multi_margin_loss, reduction="none"),         [(5,), (1, WHOLE)],           (1,)),
    Case(quiet(F.multilabel_margin_loss, reduction="none"),    [(C,), (C, WHOLE)],           ()),
    Case(quiet(F.cosine_embedding_loss, reduction="none"),     [(N, D), (1, D), (N,)],       (N,)),
    Case(quiet(F.triplet_margin_loss, reduction="none"),       [(N, T, D), (1, T, D), (N, 1, D)], (N, T)),
    Case(quiet(F.triplet_margin_loss, swap=True, reduction="none"), [(N, D), (N, D), (1, D)], (N,)),
    Case(quiet(F.ctc_loss, reduction="none"),                  [(T, N, 5), (N, 3, WHOLE), (N, WHOLE), (N, WHOLE)], (N,)),
    Case(ctc_in_a_row,                                         [(T, N, 5), (N, WHOLE)],      (N,)),
    Case(lambda x, y: F.ctc_loss(x, y, (4,), (2,), reduction="none"), [(4, 5), (2, WHOLE)],  ()),
    Case(ctc,                                                  [(T, N, 5), (N, 3, WHOLE)],   (N,)),
    Case(lambda x, y: F.ctc_loss(x, y, (4, 4), (1, 2)),        [(4, 2, 5), (2, L, WHOLE)],   ()),
]  # fmt: skip

# all pairs and triples of these: what torch refuses has to be refused
_SHAPES = [(), (3,), (2, 3), (2, 1), (2, 3, 2)]


def refused(call, count, *, classes=False):
    """Yield a row for all shapes that torch refuses."""
    for number in range(len(_SHAPES) ** count):
        shapes = [_SHAPES[number // len(_SHAPES) ** place % len(_SHAPES)] for place in range(count)]
        tensors = [torch.full(shape, 0.5) for shape in shapes]
        if classes:
            tensors[1] = torch.zeros(shapes[1], dtype=torch.int64)
            shapes[1] = (*shapes[1], WHOLE)
        try:
            call(*tensors)
        except (RuntimeError, ValueError, IndexError):
            yield Rejects(call, shapes)


REJECTS = [
    *(row for loss in (*ELEMENTWISE, *OF_SIGNS) for row in refused(quiet(loss), 2)),
    *refused(quiet(F.binary_cross_entropy), 2),
    *refused(quiet(F.multilabel_soft_margin_loss), 2),
    *refused(F.cross_entropy, 2),
    *refused(F.cross_entropy, 2, classes=True),
    *refused(F.nll_loss, 2, classes=True),
    *refused(F.multi_margin_loss, 2, classes=True),
    *refused(F.multilabel_margin_loss, 2, classes=True),
    *refused(F.margin_ranking_loss, 3),
    *refused(F.cosine_embedding_loss, 3),
    *refused(F.triplet_margin_loss, 3),
    Rejects(nn.CrossEntropyLoss(torch.ones(4)), [(2, 5), (2, WHOLE)]),
    Rejects(weighted(F.mse_loss), [(2, 5), (2, 5), (5,)]),
    Rejects(weighted(F.binary_cross_entropy), [(2, 5), (2, 5), (4,)]),
    Rejects(F.gaussian_nll_loss, [(2, 5), (2, 5), (5,)]),
    Rejects(F.gaussian_nll_loss, [(2, 5), (2, 5), (2, 3)]),
    Rejects(quiet(F.mse_loss, reduction="average"), [(2, 5), (2, 5)]),
    Rejects(lambda x, y: F.ctc_loss(x, y, (4, 4), (1, 2)), [(4, 3, 5), (3, 2, WHOLE)]),
    Rejects(lambda x, y: F.ctc_loss(x, y, (4, 4), (1, 2)), [(4, 2, 5), (3, 2, WHOLE)]),
    Rejects(lambda x, y: F.ctc_loss(x, y, (4, 4), (1, 2)), [(4, 2, 5, 5), (2, 2, WHOLE)]),
    Rejects(F.multi_margin_loss, [(2, 0), (2, WHOLE)]),
    Rejects(F.multilabel_margin_loss, [(2, 0), (2, 0, WHOLE)]),
    Rejects(F.cross_entropy, [(2, 0, 3), (2, 3, WHOLE)]),
    Rejects(lambda x, y: F.ctc_loss(x, y, (4, 4), (1, 2)), [(4, 2, 5), (2, 1, WHOLE)]),
    Rejects(lambda x, y: F.ctc_loss(x, y, (5, 4), (1, 2)), [(4, 2, 5), (2, 2, WHOLE)]),
    Rejects(lambda x, y: F.ctc_loss(x, y, (4, 4), (1, 2)), [(4, 2, 5), (4, WHOLE)]),
    Rejects(lambda x, y: F.ctc_loss(x, y, (4, 4), (0, 0)), [(4, 2, 0), (2, 2, WHOLE)]),
]  # fmt: skip
