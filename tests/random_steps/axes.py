"""Steps that move elements: axes, views, parts, and what is written at an index."""

from __future__ import annotations

import torch

STEPS = {
    "view": [
        lambda x, k: x.contiguous().view(x.shape[0], 2, 2, *x.shape[2:]).flatten(1, 2),
        lambda x, k: x.reshape(-1, x.shape[-1]).reshape(x.shape),
        lambda x, k: x.flatten(2).unflatten(2, (x.shape[3], -1)),
        lambda x, k: x.reshape(x.shape[0], 4, -1, k),
        lambda x, k: x.ravel().view(x.shape[::-1]).permute(3, 2, 1, 0),
        lambda x, k: torch.view_as_real(torch.complex(x, x)).flatten(3),
        lambda x, k: x.reshape(-1, 4, x.shape[2] * x.shape[3] // k, k),
    ],
    "axes": [
        lambda x, k: x.permute(0, 1, 3, 2),
        lambda x, k: x.unsqueeze(k).squeeze(k),
        lambda x, k: x[:, :, :1].expand(-1, -1, k, -1),
        lambda x, k: x.movedim(1, -1).swapaxes(1, 3),
        lambda x, k: x.mT.transpose(2, 3) + x.mean((2, 3))[..., None, None].expand_as(x),
        lambda x, k: x.mean(3, keepdim=True).squeeze(-1).unsqueeze(-2),
        lambda x, k: torch.broadcast_to(x[:, :1], (x.shape[0], 4, *x.shape[2:])),
        lambda x, k: x.mean((0, 1)).T.expand(2, 4, -1, -1),
        lambda x, k: x.sum_to_size(1, 4, 1, x.shape[3]),
    ],
    "joining": [
        lambda x, k: torch.cat((x, x[..., :k]), -1),
        lambda x, k: torch.cat([x[:, :, k:], x.new_zeros(x.shape[0], 4, 2, x.shape[3])], dim=2),
        lambda x, k: torch.stack((x, x.flip(2)), k).mean(k),
        lambda x, k: torch.hstack((x[:, :2], x[:, 2:])),
        lambda x, k: torch.dstack((x, x)) + torch.vstack((x[:1], x[:1])).mean(),
        lambda x, k: sum(torch.broadcast_tensors(x, x[:, :1], x.new_zeros(1))),
        lambda x, k: torch.column_stack((x[:, :1], x[:, 1:])) * torch.atleast_3d(x.mean((0, 1))).T,
        lambda x, k: torch.cat([x[:, n : n + 1] for n in range(4)], 1),
    ],
    "splitting": [
        lambda x, k: x.chunk(k, dim=-1)[0],
        lambda x, k: sum(x.split(2, dim=1)).repeat(1, 2, 1, 1),
        lambda x, k: x.split([k, x.shape[3] - k], -1)[1],
        lambda x, k: torch.tensor_split(x, k + 1, dim=2)[k],
        lambda x, k: torch.stack(x.unbind(1)[::-1], 1),
        lambda x, k: torch.cat(torch.hsplit(x, 2)[::-1], 1),
        lambda x, k: x.tensor_split((k, -1), dim=3)[1],
        lambda x, k: torch.dsplit(x, [k])[0] + x.vsplit([1])[0].mean(),
        lambda x, k: torch.split(x, 5, dim=2)[-1],
    ],
    "repeating": [
        lambda x, k: x.repeat(1, 1, k, 1),
        lambda x, k: x.repeat_interleave(k, dim=3),
        lambda x, k: torch.tile(x, (k, 1)),
        lambda x, k: x.repeat(2, 1, 1, 1)[: x.shape[0]],
    ],
    "mutating": [
        lambda x, k: x.roll((k, -1), (2, 3)),
        lambda x, k: x.flip((2, 3)) + torch.fliplr(x),
        lambda x, k: torch.rot90(x, k, (2, 3)),
        lambda x, k: x.unfold(3, k, 2).mean(-1),
        lambda x, k: x.unfold(2, 3, k).amax(4),
        lambda x, k: x.roll(k),
    ],
    "slicing": [
        lambda x, k: x[..., k:],
        lambda x, k: x[:, :, -k:, ::2],
        lambda x, k: x[:, [3, 1, 0, 2]] + x[..., -1:],
        lambda x, k: x[:, :, torch.arange(k) // 4],
        lambda x, k: x[:, None, :, 0].transpose(1, 2),
        lambda x, k: x.narrow(2, 0, k) + x.select(3, 0)[..., None][:, :, :1],
        lambda x, k: x[:, :, : x.shape[2] // k],
        lambda x, k: _assigned(x, k),
        lambda x, k: x[:, :, 1:-1] - x[:, :, 2:] * x[:, :, :-2],
    ],
    "indexing": [
        lambda x, k: x.gather(k, torch.zeros(x.shape, dtype=torch.int64)),
        lambda x, k: x.index_select(2, torch.arange(k)),
        lambda x, k: torch.take_along_dim(x, x.argsort(3), 3)[..., :k],
        lambda x, k: torch.where(x.isnan(), k, x),
        lambda x, k: x + x.take(torch.zeros(k, 1, dtype=torch.int64))[:1],
        lambda x, k: torch.bucketize(x, torch.linspace(0, 1, k + 1).to(x)).to(x.dtype),
        lambda x, k: x + torch.masked_select(x, x > 0.5).sum() * x.nonzero().shape[1],
        lambda x, k: torch.searchsorted(x.sort(-1).values.contiguous(), x.contiguous()).to(x.dtype),
        lambda x, k: x.index_select(3, x.mean((0, 1, 2)).argmax().view(1) * 0),
    ],
    "scattering": [
        lambda x, k: x.scatter(k, torch.zeros(1, 1, 1, 1, dtype=torch.int64), 0.5),
        lambda x, k: torch.zeros_like(x).scatter_add(3, x.argsort(3), x),
        lambda x, k: x.index_add(2, torch.zeros(k, dtype=torch.int64), x[:, :, :k]),
        lambda x, k: x.index_copy(1, torch.tensor([k]), x[:, :1]),
        lambda x, k: x.index_fill(3, torch.tensor([0]), k),
        lambda x, k: x.masked_scatter(x > 0.5, x.flip(3)),
        lambda x, k: torch.select_scatter(x, x[:, :, 0], 2, 0),
        lambda x, k: torch.slice_scatter(x, x[..., :k], 3, 0, k),
        lambda x, k: x.clone().put_(torch.zeros(k, dtype=torch.int64), x.new_ones(k)),
        lambda x, k: torch.empty_like(x).copy_(x[:, :, :1]),
        lambda x, k: x.scatter_reduce(2, x.argsort(2), x, "amax", include_self=False),
    ],
    "diagonal": [
        lambda x, k: x.diagonal(k - 2, 2, 3)[..., None],
        lambda x, k: torch.diag_embed(x.mean(2), offset=k - 2),
        lambda x, k: torch.diagonal_scatter(x, torch.zeros_like(x.diagonal(0, 2, 3)), 0, 2, 3),
        lambda x, k: torch.block_diag(x[0, 0], x[0, 1]).expand(1, 4, -1, -1),
        lambda x, k: torch.diagflat(x[0, 0, 0], k).expand(2, 4, -1, -1),
        lambda x, k: x + torch.diag(x[0, 0])[:1],
    ],
    "grids": [
        lambda x, k: x + torch.meshgrid(*map(torch.arange, x.shape[2:]), indexing="ij")[k % 2],
        lambda x, k: torch.cartesian_prod(x[0, 0, 0], x[0, 0, :, 0]).expand(1, 4, -1, -1),
        lambda x, k: torch.combinations(x[0, 0, 0], 2).expand(2, 4, -1, -1),
    ],
}


def _assigned(x: torch.Tensor, k: int) -> torch.Tensor:
    y = x.clone()
    y[:, 0] = k
    y[..., :k] += x[..., :1]
    y[y > 0.9] = 0.5
    return y
