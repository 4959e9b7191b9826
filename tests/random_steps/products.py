"""Steps that multiply: matrices, attention, distances, systems of equations, losses."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.random_steps.step import With


def tokens(x: Tensor) -> Tensor:
    """Return the places of an image in a row, channels last."""
    return x.flatten(2).transpose(1, 2)


def image(t: Tensor, like: Tensor) -> Tensor:
    """Return a row of places as an image again."""
    return t.transpose(1, 2).reshape(like.shape[0], -1, *like.shape[2:])


def gram(x: Tensor) -> Tensor:
    """Return a symmetric matrix of channels, far from singular."""
    flat = x.nan_to_num(0, 0, 0).clamp(-1, 1).flatten(2)
    return flat @ flat.mT / max(flat.shape[-1], 1) + 9 * torch.eye(4).to(x)


def mixed(x: Tensor, matrix: Tensor) -> Tensor:
    """Return an image whose channels a matrix mixes."""
    return torch.einsum("nij,njhw->nihw", matrix, x)


def several(x: Tensor) -> Tensor:
    """Return one number a sample as it broadcasts over an image."""
    return x.reshape(-1, 1, 1, 1)


STEPS = {
    "linear": [
        With(lambda: nn.Linear(4, 4), lambda x, k, layer: layer(x.movedim(1, -1)).movedim(-1, 1)),
        With(lambda: nn.Linear(5, 3), lambda x, k, layer: layer(F.interpolate(x, (k, 5)))),
        With(lambda: nn.Bilinear(4, 4, 4), lambda x, k, m: image(m(tokens(x), tokens(x)), x)),
        lambda x, k: F.linear(x, x.new_ones(k, x.shape[-1])),
    ],
    "matmul": [
        lambda x, k: x @ x.mT,
        lambda x, k: torch.matmul(x, x.new_ones(x.shape[-1], k)),
        lambda x, k: torch.bmm(x.flatten(0, 1), x.flatten(0, 1).mT).unflatten(0, (-1, 4)),
        lambda x, k: x + torch.mv(x[0, 0], x[0, 0, 0])[:, None],
        lambda x, k: x + torch.dot(x[0, 0, 0], x[0, 0, -1]),
        lambda x, k: torch.addmm(x[0, 0], x[0, 1], x.new_ones(x.shape[-1], 1)).expand_as(x[:1]),
        lambda x, k: torch.baddbmm(x.mean(0), x[0], x[0].mT @ x[0])[None],
        lambda x, k: x + torch.vdot(x[0, :, 0, 0], x[0, :, 0, 0]),
    ],
    "einsum": [
        lambda x, k: torch.einsum("nchw,ndhw->ncd", x, x)[:, :, :, None] + x[..., :1, :1],
        lambda x, k: torch.einsum("nchw->nchw", x) * torch.einsum("nchw->c", x)[:, None, None],
        lambda x, k: torch.einsum("...hw,...gw->...hg", x, x),
        lambda x, k: torch.einsum("nchw,h->ncw", x, x[0, 0, :, 0])[:, :, None],
        lambda x, k: torch.einsum("ncij,ncjk,kl->ncil", x, x.mT, x[0, 0]),
    ],
    "products": [
        lambda x, k: torch.outer(x[0, 0, 0], x[0, 0, :, 0]).expand(1, 4, -1, -1),
        # kron views its operands, and the order in memory that linalg.solve leaves is not followed
        lambda x, k: torch.kron(x.contiguous(), x.new_ones(1, 1, k, 2)),
        lambda x, k: torch.inner(x, x.new_ones(k, x.shape[-1])),
        lambda x, k: torch.tensordot(x, x.new_ones(x.shape[3], k), dims=1),
        lambda x, k: torch.linalg.vecdot(x, x[..., :1], dim=2)[:, :, None],
        lambda x, k: torch.linalg.multi_dot([x[0, 0], x[0, 1].T, x[0, 2]]).expand(1, 4, -1, -1),
    ],
    "distance": [
        lambda x, k: torch.cdist(x, x[:, :, :k]),
        lambda x, k: F.cosine_similarity(x, x[:, :1], dim=k)[:, None].expand(-1, 4, -1, -1),
        lambda x, k: F.pairwise_distance(x, x[..., :1], keepdim=True),
        lambda x, k: x + F.pdist(x[0, 0]).sum(),
    ],
    "attention": [
        lambda x, k: F.scaled_dot_product_attention(x, x, x, is_causal=True),
        lambda x, k: F.scaled_dot_product_attention(x[:, :, :k], x, x),
        lambda x, k: image(F.scaled_dot_product_attention(*[tokens(x)] * 3), x),
        lambda x, k: F.scaled_dot_product_attention(
            x, x, x, attn_mask=torch.ones(x.shape[2], x.shape[2]).tril().bool()
        ),
        lambda x, k: F.scaled_dot_product_attention(x, x[:, ::2], x[:, ::2], enable_gqa=True),
    ],
    "multihead_attention": [
        With(
            lambda: nn.MultiheadAttention(4, 2, batch_first=True),
            lambda x, k, layer: image(layer(tokens(x), tokens(x), tokens(x))[0], x),
        ),
        With(
            lambda: nn.MultiheadAttention(4, 2),
            lambda x, k, layer: layer(tokens(x)[:, :k], tokens(x), tokens(x))[1][:, None]
            .expand(-1, 4, -1, -1),
        ),
        With(
            lambda: nn.TransformerEncoderLayer(4, 2, 8, batch_first=True),
            lambda x, k, layer: image(layer(tokens(x)), x),
        ),
    ],
    "sparse": [
        With(nn.Identity, lambda x, k, _: F.embedding(whole(x), x.new_ones(9, k)).mean(-1)),
        With(lambda: nn.Embedding(9, 4), lambda x, k, layer: layer(whole(x)[:, 0]).movedim(-1, 1)),
        With(
            lambda: nn.EmbeddingBag(9, 4, mode="max"),
            lambda x, k, layer: layer(whole(x)[:, 0].flatten(1))[:, :, None, None] + x,
        ),
    ],
    "linalg": [
        lambda x, k: mixed(x, torch.linalg.inv(gram(x))),
        lambda x, k: mixed(x, torch.linalg.cholesky(gram(x))),
        lambda x, k: mixed(x, torch.linalg.matrix_power(gram(x), k) / torch.det(gram(x))[0]),
        lambda x, k: x * several(torch.linalg.slogdet(gram(x)).logabsdet),
        lambda x, k: x + torch.linalg.eigvalsh(gram(x))[:, :, None, None],
        lambda x, k: mixed(x, torch.linalg.eigh(gram(x)).eigenvectors),
        lambda x, k: mixed(x, torch.linalg.svd(gram(x)).Vh) + torch.linalg.svdvals(gram(x))[0, 0],
        lambda x, k: mixed(x, torch.linalg.qr(gram(x)).Q) * several(torch.linalg.cond(gram(x))),
        lambda x, k: mixed(x, torch.linalg.pinv(gram(x)) + torch.matrix_exp(gram(x) / 9)),
        lambda x, k: x * several(torch.linalg.matrix_rank(gram(x))),
    ],
    "solving": [
        lambda x, k: torch.linalg.solve(gram(x), x.flatten(2)).reshape(x.shape),
        lambda x, k: torch.linalg.solve_triangular(gram(x).tril(), x.flatten(2), upper=False)
        .unflatten(2, x.shape[2:]),
        lambda x, k: torch.cholesky_solve(x.flatten(2), torch.linalg.cholesky(gram(x))).reshape(x.shape),
    ],
    "loss": [
        lambda x, k: x + F.mse_loss(x, torch.zeros_like(x)),
        lambda x, k: F.smooth_l1_loss(x, x.flip(2), reduction="none"),
        lambda x, k: F.cross_entropy(x, whole(x)[:, 0] % 4, reduction="none")[:, None] + x,
        lambda x, k: x * F.nll_loss(F.log_softmax(x, 1), whole(x)[:, 0] % 4),
        lambda x, k: F.binary_cross_entropy_with_logits(x, torch.ones_like(x), reduction="none"),
        lambda x, k: F.kl_div(x, x.softmax(1), reduction="batchmean") + F.huber_loss(x, x * k) + x,
        lambda x, k: F.triplet_margin_loss(x, x + 1, x - 1, reduction="none")[:, :, :, None],
        lambda x, k: x - F.gaussian_nll_loss(x, x * 2, torch.ones_like(x)),
    ],
}  # fmt: skip


def whole(x: Tensor) -> Tensor:
    """Return the image in whole numbers from 0 to 8."""
    return (x.nan_to_num(0, 0, 0) * 3).long().clamp(0, 8)
