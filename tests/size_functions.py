"""Single calls whose arguments, or whose right to be made, hang on the sizes of the input."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

IMAGE = {"N": 2, "H": 32, "W": 48}


def asserted(x: Tensor, condition: Any) -> Tensor:
    assert condition
    return x


def assigned(x: Tensor) -> Tensor:
    x = x.clone()
    x[:, :, :20] = torch.zeros(20, 48)
    return x


def row_from_column(x: Tensor) -> Tensor:
    x = x.clone()
    x[:, :, 5] = x[:, :, :, 5]
    return x


def second_try(x: Tensor) -> Tensor:
    try:
        return x.view(x.shape[0], 3, -1, 7, x.shape[3])
    except RuntimeError:
        return x.view(x.shape[0], 3, -1, 5, x.shape[3])


def until_small(x: Tensor) -> Tensor:
    size = x.shape[2]
    while size > 7:
        size = (size + 1) // 2
    return asserted(x, size % 2 == 0)


def of_three_axes(x: Tensor) -> Tensor:
    _, _, _ = x.shape
    return x


def cut_out(x: Tensor, side: int) -> Tensor:
    top, left = (x.shape[2] - side) // 2, (x.shape[3] - side) // 2
    return x[:, :, top : top + side, left : left + side] + torch.zeros(side, side)


CALLS: dict[str, Callable[[Any, Tensor], Any]] = {
    # empty tensors
    "topk": lambda self, x: x.topk(12, dim=2)[0],
    "kth": lambda self, x: x.kthvalue(9, dim=3)[0],
    "empty max": lambda self, x: x[:, :, 5:].amax(2),
    "empty max dim": lambda self, x: x[:, :, 5:].max(2)[0],
    "empty max all": lambda self, x: x[:, :, 5:].max(),
    "empty mean": lambda self, x: x[:, :, 5:].mean(2),
    "empty argmax": lambda self, x: x[:, :, 9:].argmax(2),
    "empty argmax all": lambda self, x: x[:, :, 9:].argmax(),
    "empty median": lambda self, x: x[:, :, 9:].median(2)[0],
    "empty softmax": lambda self, x: x[:, :, 9:].softmax(2),
    "empty sort": lambda self, x: x[:, :, 9:].sort(2)[0],
    "empty conv": lambda self, x: F.conv2d(x[:, :, 9:], torch.zeros(2, 3, 3, 3), padding=1),
    "empty pool": lambda self, x: F.max_pool2d(x[:, :, 9:], 3, 1, 1),
    "empty avg": lambda self, x: F.avg_pool2d(x[:, :, 9:], 3, 1, 1),
    "empty adaptive": lambda self, x: F.adaptive_avg_pool2d(x[:, :, 9:], 2),
    "empty adaptive max": lambda self, x: F.adaptive_max_pool2d(x[:, :, 9:], 2),
    "empty interpolate": lambda self, x: F.interpolate(x[:, :, 9:], scale_factor=2),
    "empty interpolate size": lambda self, x: F.interpolate(
        x[:, :, 9:], size=(4, 4), mode="bilinear"
    ),
    "empty linear": lambda self, x: F.linear(
        x[:, :, 9:].transpose(2, 3).flatten(1, 2)[..., :2], torch.zeros(4, 2)
    ),
    "empty flatten": lambda self, x: x[:, :, 9:].flatten(1).view(x.shape[0], -1),
    "empty view": lambda self, x: x[:, :, 9:].reshape(-1, 3),
    "empty view2": lambda self, x: x[:, :, 9:].reshape(x.shape[0], 3, -1, 2),
    "empty norm": lambda self, x: F.layer_norm(x[:, :, 9:], (x.shape[3],)),
    "empty norm2": lambda self, x: F.layer_norm(x[:, :, 9:], (x[:, :, 9:].shape[2], x.shape[3])),
    "empty batch norm": lambda self, x: F.batch_norm(x[:, :, 9:], torch.zeros(3), torch.ones(3)),
    "empty batch norm train": lambda self, x: F.batch_norm(x[:, :, 9:], None, None, training=True),
    "empty instance": lambda self, x: F.instance_norm(x[:, :, 9:]),
    "empty group": lambda self, x: F.group_norm(x[:, :, 9:], 3),
    "empty reflect": lambda self, x: F.pad(x[:, :, 9:], (1, 1, 0, 0), mode="reflect"),
    "empty replicate": lambda self, x: F.pad(x[:, :, 9:], (1, 1, 1, 1), mode="replicate"),
    "empty circular": lambda self, x: F.pad(x[:, :, 9:], (1, 1, 1, 1), mode="circular"),
    "empty unfold": lambda self, x: F.unfold(x[:, :, 9:], 3, padding=1),
    "empty std": lambda self, x: x[:, :, 9:].std(2),
    "empty cat": lambda self, x: torch.cat((x[:, :, 9:], x), 2),
    "empty cumsum": lambda self, x: x[:, :, 9:].cumsum(2),
    "empty cummax": lambda self, x: x[:, :, 9:].cummax(2)[0],
    "empty fft": lambda self, x: torch.fft.rfft(x[:, :, 9:], dim=2),
    "irfft": lambda self, x: torch.fft.irfft(x, dim=2),
    "empty roll": lambda self, x: x[:, :, 9:].roll(2, 2),
    "empty flip": lambda self, x: x[:, :, 9:].flip(2),
    "empty transposed": lambda self, x: F.conv_transpose2d(
        x[:, :, 9:], torch.zeros(3, 2, 2, 2), stride=2
    ),
    "empty matmul": lambda self, x: x[:, :, 9:] @ x[:, :, 9:].transpose(2, 3),
    "empty prod": lambda self, x: x[:, :, 9:].prod(2),
    "empty all": lambda self, x: (x[:, :, 9:] > 0).all(2),
    "empty logsumexp": lambda self, x: x[:, :, 9:].logsumexp(2),
    "empty amin": lambda self, x: x[:, :, 9:].amin((2, 3)),
    "empty amin all": lambda self, x: x[:, :, 9:].amin(),
    "empty pixel": lambda self, x: F.pixel_unshuffle(x[:, :, 9:, :].transpose(2, 3), 2),
    "empty grid": lambda self, x: F.grid_sample(
        x[:, :, 9:], torch.zeros(1, 2, 2, 2).expand(x.shape[0], -1, -1, -1), align_corners=False
    ),
    "empty attention": lambda self, x: F.scaled_dot_product_attention(
        x[:, :, 9:], x[:, :, 9:], x[:, :, 9:]
    ),
    "empty select": lambda self, x: x[:, :, 9:][:, :, 0],
    "empty select last": lambda self, x: x[:, :, 9:, :][:, :, -1],
    "empty unbind": lambda self, x: torch.stack(x[:, :, 9:].unbind(2)),
    "empty chunk": lambda self, x: x[:, :, 9:].chunk(3, 2)[0],
    "empty split": lambda self, x: x[:, :, 9:].split(3, 2)[0],
    "empty lp": lambda self, x: F.lp_pool2d(x[:, :, 9:], 2, 1),
    "empty normalize": lambda self, x: F.normalize(x[:, :, 9:], dim=2),
    "empty norm inf": lambda self, x: torch.linalg.vector_norm(x[:, :, 9:], float("inf"), dim=2),
    "empty quantile": lambda self, x: x[:, :, 9:].quantile(0.5, dim=2),
    "empty upsampled pixel": lambda self, x: F.pixel_shuffle(x[:, :1, 9:].expand(-1, 4, -1, -1), 2),
    # slicing, picking
    "select 10": lambda self, x: x[:, :, 10],
    "select -10": lambda self, x: x[:, :, -10, 3],
    "select h//2": lambda self, x: x[:, :, x.shape[2] // 2],
    "select h-3": lambda self, x: x[:, :, x.shape[2] - 3],
    "select 10-h": lambda self, x: x[:, :, 10 - x.shape[2]],
    "select w in h": lambda self, x: x[:, :, x.shape[3] // 3],
    "narrow": lambda self, x: x.narrow(2, 3, 20),
    "narrow h": lambda self, x: x.narrow(2, x.shape[2] // 2, 7),
    "narrow w": lambda self, x: x.narrow(2, 0, x.shape[3] - 8),
    "unfold": lambda self, x: x.unfold(2, 7, 3),
    "unfold h": lambda self, x: x.unfold(2, x.shape[3] // 4, x.shape[2] // 8),
    "split sizes": lambda self, x: x.split([10, x.shape[2] - 10], 2)[1],
    "split sizes 2": lambda self, x: x.split([10, 22], 2)[1],
    "split int": lambda self, x: x.split(x.shape[2] // 3, 2)[2],
    "split int 4": lambda self, x: x.split(x.shape[2] // 3, 2)[3],
    "chunk3": lambda self, x: (lambda a, b, c: a + b)(*x.chunk(3, 2)),
    "chunk last": lambda self, x: x.chunk(4, 3)[3],
    "chunk h": lambda self, x: x.chunk(x.shape[2] // 4, 3)[1],
    "tensor_split": lambda self, x: torch.stack(x.tensor_split(3, 2)),
    "tensor_split at": lambda self, x: torch.cat(x.tensor_split((5, 20), 2)[:1], 1),
    "dsplit": lambda self, x: torch.hsplit(x.transpose(1, 2), 4)[1],
    "hsplit": lambda self, x: torch.stack(x.transpose(1, 3).hsplit(3)),
    "unbind2": lambda self, x: (lambda a, b: a + b)(*x[:, :, 20:].unbind(2)),
    "iterate": lambda self, x: sum(row for row in x),
    "stack rows": lambda self, x: torch.stack([x[:, :, i] for i in range(0, x.shape[2], 8)]),
    "loop": lambda self, x: torch.stack([x[:, :, i : i + 8] for i in range(0, x.shape[2], 8)]),
    "loop to": lambda self, x: torch.stack(
        [x[:, :, i : i + 8] for i in range(0, x.shape[2] - 7, 8)]
    ),
    "step h": lambda self, x: x[:, :, :: x.shape[2] // 8],
    "step h-w": lambda self, x: x[:, :, :: x.shape[2] - x.shape[3] + 20],
    "index_select": lambda self, x: x.index_select(2, torch.tensor([0, 5, 11])),
    "index": lambda self, x: x[:, :, [0, 5, 11]],
    "gather": lambda self, x: x.gather(2, torch.zeros(x.shape[0], 3, 4, 40, dtype=torch.long)),
    "arange index": lambda self, x: x[:, :, torch.arange(0, 20, 2)],
    "arange index h": lambda self, x: x[:, :, torch.arange(x.shape[3] // 2)],
    "take_along": lambda self, x: torch.take_along_dim(
        x, torch.zeros(1, 1, 1, 1, dtype=torch.long), 2
    ),
    "assign": lambda self, x: assigned(x),
    "assign rows": lambda self, x: row_from_column(x),
    "inplace": lambda self, x: x[:, :, :20].clone().add_(x[:, :, :10].repeat(1, 1, 2, 1)),
    "as_strided": lambda self, x: x.as_strided((2, 20, 20), (400, 20, 1)),
    "diagonal": lambda self, x: x.diagonal(10, 2, 3),
    "diagonal max": lambda self, x: x.diagonal(10, 2, 3).amax(-1),
    "movedim": lambda self, x: x.movedim(2, 1)[:, 4],
    # creation
    "zeros": lambda self, x: torch.cat(
        (x, torch.zeros(x.shape[0], 3, x.shape[2], x.shape[3] - 10)), 3
    ),
    "zeros h-10": lambda self, x: torch.cat(
        (x, torch.zeros(x.shape[0], 3, x.shape[2] - 10, x.shape[3])), 2
    ),
    "arange h-10": lambda self, x: (
        x[:, :, :1] + torch.arange(10, x.shape[3])[:, None, None, None].sum()
    ),
    "arange mis": lambda self, x: x[:, :, :, 10:] + torch.arange(10, x.shape[3]),
    "arange step": lambda self, x: torch.arange(0, x.shape[2], x.shape[3] // 16) + x.sum(),
    "arange down": lambda self, x: torch.arange(x.shape[2], 10, -1) + x.sum(),
    "linspace": lambda self, x: torch.linspace(0, 1, x.shape[2] - 10) + x.sum(),
    "full": lambda self, x: x + torch.full((x.shape[2], 48), 1.0),
    "eye": lambda self, x: x + torch.eye(x.shape[2]),
    "eye neg": lambda self, x: torch.eye(x.shape[2] - 20) + x.sum(),
    "randperm": lambda self, x: x[:, :, torch.randperm(x.shape[2])],
    "randperm neg": lambda self, x: torch.randperm(x.shape[2] - 20) + x.sum(),
    "ones broadcast": lambda self, x: x * torch.ones(32, 1),
    "mask": lambda self, x: x.masked_fill(torch.ones(32, 48, dtype=torch.bool).triu(), 0),
    "expand": lambda self, x: x[:, :, :1].expand(-1, -1, 32, 48),
    "expand hw": lambda self, x: x.expand(2, 3, x.shape[2], x.shape[2]),
    "repeat": lambda self, x: x.repeat(1, 1, x.shape[2] // 20, 1),
    "repeat max": lambda self, x: x.repeat(1, 1, x.shape[2] // 20, 1).amax(2),
    "repeat neg": lambda self, x: x.repeat(1, 1, x.shape[2] - 20, 1),
    "tile": lambda self, x: x.tile((3,)),
    "repeat_interleave": lambda self, x: x.repeat_interleave(x.shape[2] // 12, 2)[:, :, 0],
    "repeat_interleave neg": lambda self, x: x.repeat_interleave(x.shape[2] - 12, 2),
    "tri": lambda self, x: x @ torch.ones(48, 48).tril(),
    "meshgrid": lambda self, x: (
        x
        + torch.stack(
            torch.meshgrid(torch.arange(32), torch.arange(x.shape[3]), indexing="ij")
        ).sum(0)
    ),
    # python
    "sqrt": lambda self, x: x * math.sqrt(x.shape[2] - 10),
    "log": lambda self, x: x * math.log(x.shape[2] - 10),
    "log2 floor": lambda self, x: F.interpolate(x, size=(2 ** int(math.log2(x.shape[2])), 8)),
    "inverse": lambda self, x: x * (1 / (x.shape[2] - 10)),
    "floordiv float": lambda self, x: F.interpolate(x, size=(int(x.shape[2] // 2.5), 8)),
    "floordiv by float 0": lambda self, x: F.interpolate(
        x, size=(int(x.shape[2] // (x.shape[3] / 2 - 4)), 8)
    ),
    "mod float": lambda self, x: x * (x.shape[2] % (x.shape[3] - 10.0)),
    "rfloordiv": lambda self, x: F.interpolate(x, size=(1000 // (x.shape[2] - 10), 8)),
    "rmod": lambda self, x: F.interpolate(x, size=(1000 % (x.shape[2] - 10) + 1, 8)),
    "neg mod": lambda self, x: F.pad(x, (0, -x.shape[3] % (x.shape[2] // 4))),
    "divmod": lambda self, x: F.pad(x, divmod(x.shape[3], x.shape[2] - 10)),
    "pow": lambda self, x: x * (x.shape[2] - 10) ** -1,
    "pow0": lambda self, x: x * (x.shape[2] - 10) ** 0.5,
    "rpow": lambda self, x: F.interpolate(x, size=(2 ** (x.shape[2] // 64), 4)),
    "rshift": lambda self, x: F.interpolate(x, size=(x.shape[2] >> 3, 4)),
    "shift neg": lambda self, x: F.interpolate(x, size=(256 >> min(x.shape[2] - 10, 70), 4)),
    "lshift neg": lambda self, x: F.interpolate(x, size=(1 << min(x.shape[2] // 16 - 1, 9), 4)),
    "list index": lambda self, x: x * [1, 2, 3][x.shape[2] // 16],
    "list index neg": lambda self, x: x * [1, 2, 3][x.shape[2] // 16 - 5],
    "dict": lambda self, x: x * {32: 1, 16: 2, 64: 4}[x.shape[2]],
    "in": lambda self, x: x * 1 if x.shape[2] in (8, 16, 32) else x.view(2, -1, 48),
    "min max": lambda self, x: F.interpolate(
        x, size=(min(x.shape[2], 20) - 10, max(x.shape[3], 30) - 20)
    ),
    "power of two": lambda self, x: x.view(7, -1, 48) if x.shape[2] & (x.shape[2] - 1) else x,
    "and": lambda self, x: x.view(7, -1) if x.shape[2] & 7 else x,
    "xor": lambda self, x: x.view(x.shape[0], 3, -1, x.shape[2] ^ 1) if x.shape[2] < 40 else x,
    "isqrt": lambda self, x: x.flatten(2).view(
        x.shape[0], 3, math.isqrt(x.shape[2] * x.shape[3]), -1
    ),
    "square tokens": lambda self, x: x.flatten(2).view(
        x.shape[0], 3, int((x.shape[2] * x.shape[3]) ** 0.5), int((x.shape[2] * x.shape[3]) ** 0.5)
    ),
    "gcd": lambda self, x: F.max_pool2d(x, math.gcd(x.shape[2], x.shape[3])),
    "round": lambda self, x: F.interpolate(x, size=(round(x.shape[2] * 0.02), 4)),
    "round half": lambda self, x: F.interpolate(x, size=(round(x.shape[2] / 2) - 3, 4)),
    "ceil": lambda self, x: F.interpolate(x, size=(math.ceil(x.shape[2] / 10) - 2, 4)),
    "int neg": lambda self, x: F.interpolate(x, size=(int((x.shape[2] - 20) / 10) + 1, 4)),
    "int mul": lambda self, x: F.interpolate(x, size=(int(x.shape[2] * 1.1) - 30, 4)),
    "int mul 49": lambda self, x: F.interpolate(x, size=(int(x.shape[2] / 49 * 49), 4)),
    "int mul div": lambda self, x: x.view(x.shape[0], 3, int(x.shape[2] / 7 * 7), -1),
    "int div float": lambda self, x: F.interpolate(x, size=(int(x.shape[2] / 0.1), 4)),
    "floats": lambda self, x: x.view(x.shape[0], 3, int(x.shape[2] * 0.1 * 10), -1),
    "floats 2": lambda self, x: x.view(x.shape[0], 3, int(x.shape[2] * 0.7 + x.shape[2] * 0.3), -1),
    "float equality": lambda self, x: (
        x
        if x.shape[2] / 3 * 3 == x.shape[2] and x.shape[2] / 49 * 49 == x.shape[2]
        else x.view(3, 7, -1)
    ),
    "float equality 2": lambda self, x: (
        x if x.shape[2] * 0.1 * 10 == x.shape[2] else x.view(3, 7, -1)
    ),
    "is_integer": lambda self, x: x if (x.shape[2] / 3).is_integer() else x.view(3, 7, -1),
    "assert float": lambda self, x: asserted(x, x.shape[2] / 8 == x.shape[2] // 8),
    "assert ratio": lambda self, x: asserted(x, x.shape[2] / x.shape[3] >= 0.5),
    "assert any": lambda self, x: asserted(x, all(v % 4 == 0 for v in x.shape[2:])),
    "assert shape": lambda self, x: asserted(x, x.shape[1:] == (3, 32, 48)),
    "assert tuple": lambda self, x: asserted(x, tuple(x.shape) == (x.shape[0], 3, 32, x.shape[3])),
    "assert numel": lambda self, x: asserted(x, x.numel() > 3000),
    "assert len": lambda self, x: asserted(x, len(x) == 2),
    "assert not": lambda self, x: asserted(x, not x.shape[2] % 5),
    "assert xor": lambda self, x: asserted(x, (x.shape[2] > 16) != (x.shape[3] > 16)),
    "assert sum": lambda self, x: asserted(x, sum(x.shape[2:]) % 2 == 0),
    "assert sorted": lambda self, x: asserted(x, sorted(x.shape[2:])[0] > 10),
    "assert abs": lambda self, x: asserted(x, abs(x.shape[2] - x.shape[3]) < 10),
    "assert max": lambda self, x: asserted(x, max(x.shape[2:]) <= 40),
    "try": lambda self, x: second_try(x),
    "while": lambda self, x: until_small(x),
    # shapes
    "squeeze": lambda self, x: F.log_softmax(F.adaptive_avg_pool2d(x, 1).squeeze(), dim=1),
    "squeeze 0": lambda self, x: F.adaptive_avg_pool2d(x, 1).squeeze() @ torch.zeros(3, 4),
    "squeeze hw": lambda self, x: F.max_pool2d(x, 8).squeeze().sum(3),
    "squeeze dim": lambda self, x: F.max_pool2d(x, 16).squeeze(2)[:, :, 0],
    "squeeze unpack": lambda self, x: of_three_axes(F.max_pool2d(x, (16, 16)).squeeze(2)),
    "unpack": lambda self, x: of_three_axes(x.squeeze(0)),
    "broadcast h1": lambda self, x: x + torch.zeros(5, 1),
    "broadcast w": lambda self, x: x + x[:, :, :, 0].unsqueeze(2),
    "permute view": lambda self, x: x.permute(0, 2, 3, 1).view(x.shape[0], -1),
    "transpose view": lambda self, x: x.transpose(2, 3).view(x.shape[0], 3, -1),
    "slice view": lambda self, x: x[:, :, :20].view(x.shape[0], -1),
    "view 16": lambda self, x: x.view(-1, 16),
    "view -1 C": lambda self, x: x.view(x.shape[0], -1, 16, 16),
    "view groups": lambda self, x: x.view(x.shape[0] // 2, 2, -1),
    "view fixed": lambda self, x: x.view(x.shape[0], 3, 32 * 48),
    "view product": lambda self, x: x.reshape(6, 32, 48),
    "view product2": lambda self, x: x.reshape(x.shape[0], -1, x.shape[2] * 2),
    "unflatten": lambda self, x: x.unflatten(2, (-1, 4)),
    "unflatten2": lambda self, x: x.unflatten(3, (6, 8)),
    "flatten linear": lambda self, x: F.linear(F.max_pool2d(x, 8).flatten(1), torch.zeros(2, 72)),
    "flatten linear2": lambda self, x: F.linear(
        F.adaptive_avg_pool2d(x, (None, 2)).flatten(1), torch.zeros(2, 48)
    ),
    "linear width": lambda self, x: F.linear(x, torch.zeros(2, 48)),
    "matmul": lambda self, x: x @ x,
    "matmul T": lambda self, x: x @ torch.zeros(2, 3, 48, 5),
    "bmm": lambda self, x: torch.bmm(x.flatten(1, 2), x.flatten(1, 2)),
    "einsum": lambda self, x: torch.einsum("nchw,ncwk->nhk", x, x),
    "tensordot": lambda self, x: torch.tensordot(x, x, dims=([2], [3])),
    "dot": lambda self, x: torch.dot(x[0, 0, 0], x[0, 0, :, 0]),
    "mv": lambda self, x: torch.mv(x[0, 0], x[0, 0, 0]),
    "outer": lambda self, x: torch.outer(x[0, 0, 0], x[0, 0, :, 0]),
    "cdist": lambda self, x: torch.cdist(x[:, 0], x[:, 1].transpose(1, 2)),
    "inverse matrix": lambda self, x: torch.linalg.det(x),
    "triu": lambda self, x: x.triu(30).sum(),
    "trace": lambda self, x: x[0, 0].trace(),
    "cosine": lambda self, x: F.cosine_similarity(x, x.transpose(2, 3), dim=1),
    "cross": lambda self, x: torch.linalg.cross(x, x[:, :, :1], dim=1),
    "cross dim": lambda self, x: torch.linalg.cross(x, x, dim=2),
    "where": lambda self, x: torch.where(x > 0, x, x.transpose(2, 3)),
    "cat rows": lambda self, x: torch.cat((x, x.transpose(2, 3)), 2),
    "stack": lambda self, x: torch.stack((x, x.transpose(2, 3))),
    "cat pooled": lambda self, x: torch.cat((F.max_pool2d(x, 3, 2), F.avg_pool2d(x, 2)), 1),
    "cat inception": lambda self, x: torch.cat(
        (
            F.max_pool2d(x, 3, 2, ceil_mode=True),
            F.conv2d(x, torch.zeros(2, 3, 3, 3), stride=2, padding=1),
        ),
        1,
    ),
    "mse": lambda self, x: F.mse_loss(x, torch.zeros(2, 3, 32, 48)),
    "batch pair": lambda self, x: (lambda a, b: a + b)(*x.chunk(2)),
    "minibatch std": lambda self, x: x.view(min(4, x.shape[0]), -1, 3, x.shape[2], x.shape[3]).std(
        0
    ),
    "batch assert": lambda self, x: asserted(x, x.shape[0] % 2 == 0),
    # windows
    "global pool": lambda self, x: F.avg_pool2d(x, x.shape[2:]).flatten(1),
    "global pool h": lambda self, x: F.avg_pool2d(x, x.shape[2]).flatten(1),
    "global pool 7": lambda self, x: F.linear(
        F.avg_pool2d(F.max_pool2d(x, 4), 7).flatten(1), torch.zeros(2, 3)
    ),
    "kernel from input": lambda self, x: F.conv2d(x, x[:1, :, :7, :9]),
    "kernel from input 2": lambda self, x: F.conv2d(x, x[:1, :, :, :9], padding=2),
    "stride h": lambda self, x: F.max_pool2d(x, 2, x.shape[2] // 8),
    "padding h": lambda self, x: F.max_pool2d(x, 5, 1, x.shape[2] // 8),
    "dilation h": lambda self, x: F.conv2d(x, torch.zeros(2, 3, 3, 3), dilation=x.shape[2] // 8),
    "dilation 0": lambda self, x: F.max_pool2d(x, 3, dilation=x.shape[2] // 8),
    "pad h": lambda self, x: F.pad(x, (0, 40 - x.shape[3], 0, 40 - x.shape[2])),
    "pad h reflect": lambda self, x: F.pad(
        x, (0, 40 - x.shape[3], 0, 40 - x.shape[2]), mode="reflect"
    ),
    "pad neg reflect": lambda self, x: F.pad(x, (-5, 4, 3, -12), mode="reflect"),
    "pad neg replicate": lambda self, x: F.pad(x, (-5, 4, 3, -12), mode="replicate"),
    "pad neg circular": lambda self, x: F.pad(x, (-5, 4, 3, -12), mode="circular"),
    "pad reflect 1d": lambda self, x: F.pad(x.flatten(2), (9, 30), mode="reflect"),
    "pad circular 1d": lambda self, x: F.pad(x[:, :, 0], (9, 30), mode="circular"),
    "pad reflect 3d": lambda self, x: F.pad(x[:, None], (2, 9, 3, 4, 1, 2), mode="reflect"),
    "adaptive h": lambda self, x: F.adaptive_avg_pool2d(x, (x.shape[2] // 10, x.shape[3] - 20)),
    "adaptive max h": lambda self, x: F.adaptive_max_pool2d(x, (x.shape[2] // 10, x.shape[3] - 20)),
    "adaptive 1d": lambda self, x: F.adaptive_avg_pool1d(x.flatten(2), x.shape[2] - 20),
    "interpolate h": lambda self, x: F.interpolate(x, size=(x.shape[2] // 10, x.shape[3] - 20)),
    "interpolate linear": lambda self, x: F.interpolate(
        x.flatten(2), scale_factor=0.01, mode="linear"
    ),
    "interpolate area": lambda self, x: F.interpolate(x, scale_factor=0.1, mode="area"),
    "interpolate antialias": lambda self, x: F.interpolate(
        x, scale_factor=0.1, mode="bilinear", antialias=True
    ),
    "interpolate recompute": lambda self, x: F.interpolate(
        x, scale_factor=0.13, recompute_scale_factor=True
    ),
    "interpolate scale of sizes": lambda self, x: F.interpolate(x, scale_factor=16 / x.shape[2]),
    "interpolate scale of sizes 2": lambda self, x: F.interpolate(
        x, scale_factor=(x.shape[3] / x.shape[2], 0.5)
    ),
    "interpolate scale zero": lambda self, x: F.interpolate(x, scale_factor=x.shape[2] // 10),
    "pixel shuffle": lambda self, x: F.pixel_unshuffle(x, 3),
    "pixel unshuffle h": lambda self, x: F.pixel_unshuffle(x, x.shape[2] // 8),
    "fold": lambda self, x: F.fold(F.unfold(x, 4, stride=4), x.shape[2:], 4, stride=4),
    "fold size": lambda self, x: F.fold(F.unfold(x, 4, stride=4), (32, 48), 4, stride=4),
    "fold view": lambda self, x: F.fold(
        x.flatten(1, 2)[:, :12].contiguous(), (8, x.shape[3] // 2), 2, stride=2
    ),
    "unfold big": lambda self, x: F.unfold(x, (9, 5), dilation=2, stride=3),
    "grid": lambda self, x: F.grid_sample(x, torch.zeros(2, 4, 4, 2), align_corners=False),
    "affine": lambda self, x: (
        F.affine_grid(torch.zeros(1, 2, 3), [1, 3, x.shape[2] - 5, x.shape[3]], align_corners=False)
        + x.sum()
    ),
    "fractional": lambda self, x: F.fractional_max_pool2d(x, (3, 2), output_size=(7, 9)),
    "transposed big": lambda self, x: F.conv_transpose2d(
        x, torch.zeros(3, 2, 3, 3), stride=2, padding=3
    ),
    "transposed out": lambda self, x: F.conv_transpose2d(
        x, torch.zeros(3, 2, 3, 3), stride=2, padding=1, output_padding=x.shape[2] % 2
    ),
    "transposed out 2": lambda self, x: F.conv_transpose2d(
        x, torch.zeros(3, 2, 3, 3), stride=2, padding=1, output_padding=x.shape[2] % 3
    ),
    "stft": lambda self, x: torch.stft(
        x[:, 0, 0], 32, 8, window=torch.ones(32), return_complex=True
    ),
    "stft uncentred": lambda self, x: torch.stft(
        x[:, 0, 0], 32, 8, window=torch.ones(32), center=False, return_complex=True
    ),
    "istft": lambda self, x: torch.istft(
        torch.stft(x[:, 0, 0], 32, 8, window=torch.ones(32), return_complex=True),
        32,
        8,
        window=torch.ones(32),
    ),
    "diff": lambda self, x: x.diff(3, 2).amax(2),
    "var": lambda self, x: x.var(2),
    "cov": lambda self, x: torch.cov(x[0, 0]),
    "corrcoef": lambda self, x: torch.corrcoef(x[0, :, 0]),
    "histc": lambda self, x: torch.histc(x, 10),
    "searchsorted": lambda self, x: torch.searchsorted(x[0, 0].sort(-1)[0], x[0, 0]),
    "nonzero": lambda self, x: x.nonzero(),
    "masked": lambda self, x: x[x > 0.5],
    "cumulative": lambda self, x: x.cumsum(2)[:, :, 15],
    "renorm": lambda self, x: x.renorm(2, 0, 1.0),
    "local response": lambda self, x: F.local_response_norm(x, 9),
    "glu": lambda self, x: F.glu(x, 2),
    "glu w": lambda self, x: F.glu(x.transpose(1, 3), 1),
    "channel shuffle": lambda self, x: F.channel_shuffle(x.transpose(1, 2), 4),
    "embedding": lambda self, x: torch.zeros(30, 4)[torch.arange(x.shape[2])],
    "F.embedding": lambda self, x: F.embedding(torch.arange(x.shape[2]), torch.zeros(30, 4)),
    "one hot": lambda self, x: F.one_hot(torch.arange(x.shape[2]), 30),
    "bilinear": lambda self, x: F.bilinear(x[..., :5], x[..., :7], torch.zeros(2, 5, 7)),
    "rms": lambda self, x: F.rms_norm(x, (32, 48)),
    "unfold 4": lambda self, x: (
        x.unfold(2, 8, 8).unfold(3, 8, 8).contiguous().view(x.shape[0], 3, -1, 64)
    ),
    "unfold stack": lambda self, x: torch.stack(x.unfold(2, 8, 8).unbind(2)),
    "space to depth": lambda self, x: (
        x.view(x.shape[0], 3, x.shape[2] // 4, 4, x.shape[3] // 4, 4)
        .permute(0, 1, 3, 5, 2, 4)
        .reshape(x.shape[0], 48, x.shape[2] // 4, x.shape[3] // 4)
    ),
    "merge": lambda self, x: torch.cat(
        (x[:, :, 0::2, 0::2], x[:, :, 1::2, 0::2], x[:, :, 0::2, 1::2], x[:, :, 1::2, 1::2]), 1
    ),
    "merge3": lambda self, x: x[:, :, ::3] + x[:, :, 1::3] + x[:, :, 2::3],
    "shift": lambda self, x: x[:, :, 1:] - x[:, :, :-1],
    "shift 5": lambda self, x: (x[:, :, 5:] - x[:, :, :-5]).amax(),
    "crop centre": lambda self, x: cut_out(x, 20),
    "crop to": lambda self, x: x[:, :, 10:-10] + torch.zeros(12, 1),
    "crop cat": lambda self, x: torch.cat(
        (x[:, :, 4:-4, 4:-4], F.conv2d(x, torch.zeros(2, 3, 9, 9))), 1
    ),
    "crop neg": lambda self, x: x[:, :, x.shape[2] - 40 :],
    "crop neg 2": lambda self, x: (
        x[:, :, (x.shape[2] - 20) // 2 : (x.shape[2] + 20) // 2] + torch.zeros(20, 1)
    ),
    "unpool": lambda self, x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2),
    "unpool size": lambda self, x: F.max_unpool2d(
        *F.max_pool2d(x, 2, return_indices=True), 2, output_size=x.shape[2:]
    ),
    "unpool size 3": lambda self, x: F.max_unpool2d(
        *F.max_pool2d(x, 3, return_indices=True), 3, output_size=x.shape[2:]
    ),
    "unpool size overlap": lambda self, x: F.max_unpool2d(
        *F.max_pool2d(x, 3, 2, return_indices=True), 3, 2, output_size=x.shape[2:]
    ),
    "unpool cat": lambda self, x: torch.cat(
        (x, F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2)), 1
    ),
    # parameters that can be 0 or negative
    "view -1 over 0": lambda self, x: x.view(x.shape[0], -1, x.shape[2] // 10),
    "reshape -1 over 0": lambda self, x: x[:, :, 9:].reshape(x.shape[0], -1, x[:, :, 9:].shape[2]),
    "view 0": lambda self, x: x.view(x.shape[0], x.shape[2] // 10, -1, 30),
    "unflatten 0": lambda self, x: x.unflatten(2, (x.shape[2] // 10, -1)),
    "unflatten 0b": lambda self, x: x.unflatten(3, (-1, x.shape[2] // 10)),
    "split empty": lambda self, x: x[:, :, 9:].split(x[:, :, 9:].shape[2], 2)[0],
    "chunk empty": lambda self, x: (lambda a, b, c: a)(*x[:, :, 9:].chunk(3, 2)),
    "chunk none": lambda self, x: x.chunk(x.shape[2] // 10, 3)[0],
    "tensor_split 0": lambda self, x: x.tensor_split(x.shape[2] // 10, 3)[0],
    "expand 0": lambda self, x: x[:, :, :1].expand(-1, -1, x.shape[2] // 10, -1),
    "expand neg": lambda self, x: x[:, :, :1].expand(-1, -1, x.shape[2] - 10, -1),
    "groups 0": lambda self, x: F.group_norm(x, x.shape[2] // 10),
    "groups 0 conv": lambda self, x: F.conv2d(x, torch.zeros(3, 1, 1, 1), groups=x.shape[2] // 10),
    "unfold 0": lambda self, x: F.unfold(x, x.shape[2] // 10),
    "unfold tensor 0": lambda self, x: x.unfold(2, x.shape[2] // 10, 2),
    "pool stride 0": lambda self, x: F.avg_pool2d(x, 2, stride=x.shape[2] // 10),
    "conv stride 0": lambda self, x: F.conv2d(x, torch.zeros(3, 3, 1, 1), stride=x.shape[2] // 10),
    "conv neg pad": lambda self, x: F.conv2d(x, torch.zeros(3, 3, 1, 1), padding=x.shape[2] - 10),
    "transposed stride 0": lambda self, x: F.conv_transpose2d(
        x, torch.zeros(3, 3, 1, 1), stride=x.shape[2] // 10
    ),
    "repeat_interleave 0": lambda self, x: x.repeat_interleave(x.shape[2] // 10, 2),
    "repeats": lambda self, x: x.repeat_interleave(torch.ones_like(x[:, 0, 0, 0]).long(), 1),
    "topk neg": lambda self, x: x.topk(x.shape[2] - 10, 3)[0],
    "topk 0": lambda self, x: x.topk(x.shape[2] // 10, 3)[0],
    "kth 0": lambda self, x: x.kthvalue(x.shape[2] // 10, 3)[0],
    "shuffle 0": lambda self, x: F.channel_shuffle(x, x.shape[2] // 10),
    "pixel 0": lambda self, x: F.pixel_shuffle(x.repeat(1, 12, 1, 1), x.shape[2] // 10),
    "roll": lambda self, x: x.roll(x.shape[2] - 10, 2),
    "diagonal by size": lambda self, x: x.diagonal(x.shape[2] - 40, 2, 3)[..., 3],
    "linspace steps": lambda self, x: torch.linspace(0, 1, x.shape[2] // 10) + x.sum(),
    "full neg": lambda self, x: x.new_zeros(x.shape[2] - 10),
    "empty neg": lambda self, x: torch.empty(x.shape[2] - 10).sum() + x.sum(),
    "rand neg": lambda self, x: torch.rand(2, x.shape[2] - 10).sum() + x.sum(),
    "tril idx": lambda self, x: torch.tril_indices(x.shape[2] - 10, 5).sum() + x.sum(),
    "cov by size": lambda self, x: torch.cov(x[0, 0]).sum(1),
    "pad all neg": lambda self, x: F.pad(x, (-x.shape[3] // 2, 10 - x.shape[2])),
    "mean pool window": lambda self, x: x.view(x.shape[0], 3, x.shape[2] // (x.shape[2] // 10), -1),
    "interp to difference": lambda self, x: F.interpolate(x, (x.shape[2] - x.shape[3], 3)),
    "interp ratio": lambda self, x: F.interpolate(x, scale_factor=1 / (x.shape[2] - 10)),
    "interp div": lambda self, x: F.interpolate(x, scale_factor=1 / (x.shape[2] // 10)),
    "layer norm": lambda self, x: F.layer_norm(x, (x.shape[2] - 4, x.shape[3])),
    "dropout p": lambda self, x: F.dropout(x, p=x.shape[2] / 40),
    "clamp": lambda self, x: x[:, :, : x.shape[2] // 10].amax(2),
    "stack empty": lambda self, x: torch.stack([x[:, :, i] for i in range(x.shape[2] // 10)]),
    "cat empty": lambda self, x: torch.cat([x[:, :, i] for i in range(x.shape[2] // 10)], 1),
    "max of none": lambda self, x: x * max(range(x.shape[2] // 10)),
    "as_strided by size": lambda self, x: x.contiguous().as_strided(
        (x.shape[2] - 5, 3), (x.shape[3], 1)
    ),
    "view as": lambda self, x: x[:, :, :20].reshape(x.shape[0], 3, 20, x.shape[3]),
    "bins": lambda self, x: torch.histc(x, x.shape[2] // 10),
    "fft n": lambda self, x: torch.fft.rfft(x, n=x.shape[2] // 10),
    "irfft n": lambda self, x: torch.fft.irfft(x, n=x.shape[2] // 10),
    "einsum repeat": lambda self, x: torch.einsum("ncii->nci", x),
    "cdist by size": lambda self, x: torch.cdist(x[:, 0], x[:, 0, :, :20]),
    "batch norm 1d": lambda self, x: F.batch_norm(
        x[:, :, : x.shape[2] // 10], None, None, training=True
    ),
    "nll": lambda self, x: F.cross_entropy(x, x[:, 0].long()),
    "rot90": lambda self, x: x + x.rot90(1, (2, 3)),
    "flipped cat": lambda self, x: torch.cat((x, x.mT), 2),
    "hann": lambda self, x: torch.hann_window(x.shape[2] - 10).sum() + x.sum(),
    "stft hop": lambda self, x: torch.stft(
        x[:, 0, 0], 16, x.shape[2] // 10, window=torch.ones(16), return_complex=True
    ),
    "stft n": lambda self, x: torch.stft(
        x[:, 0, 0], x.shape[2], 4, window=torch.ones(x.shape[2]), return_complex=True
    ),
    "lp": lambda self, x: F.lp_pool2d(x, 2, x.shape[2] // 10),
    "fractional by size": lambda self, x: F.fractional_max_pool2d(
        x, 2, output_size=(x.shape[2] // 10, 3)
    ),
    "local": lambda self, x: F.local_response_norm(x, x.shape[2] // 10),
    "grid by size": lambda self, x: F.affine_grid(
        torch.zeros(x.shape[0], 2, 3), [x.shape[0], 3, x.shape[2] - 10, 4], align_corners=False
    ),
    "onehot": lambda self, x: (
        F.one_hot(torch.zeros(3, dtype=torch.long), x.shape[2] - 10) + x.sum()
    ),
    "mod zero": lambda self, x: x * (x.shape[3] % (x.shape[2] - 10)),
}

MODULES: dict[str, tuple[Callable[[Any, Tensor], Any], Mapping[str, Callable[[], Any]]]] = {
    "transposed to skip": (
        lambda self, x: self.up(F.max_pool2d(x, 2), output_size=x.shape),
        {"up": lambda: nn.ConvTranspose2d(3, 3, 2, 2)},
    ),
    "transposed to skip 3": (
        lambda self, x: self.up(F.max_pool2d(x, 2), output_size=x.shape[2:]) + x,
        {"up": lambda: nn.ConvTranspose2d(3, 3, 3, 2, 1)},
    ),
    "transposed to skip 4": (
        lambda self, x: self.up(F.max_pool2d(x, 3, 2), output_size=x.shape[2:]) + x,
        {"up": lambda: nn.ConvTranspose2d(3, 3, 4, 2, 1)},
    ),
    "bn flat": (lambda self, x: self.bn(x.flatten(1)[:, :5]), {"bn": lambda: nn.BatchNorm1d(5)}),
    "bn squeeze": (
        lambda self, x: self.bn(F.adaptive_avg_pool2d(x, 1).squeeze()),
        {"bn": lambda: nn.BatchNorm1d(3)},
    ),
    "mha": (
        lambda self, x: self.a(*[x[:, 0]] * 3)[0],
        {"a": lambda: nn.MultiheadAttention(48, 4, batch_first=True)},
    ),
    "lstm": (lambda self, x: self.a(x[:, 0])[1][0], {"a": lambda: nn.LSTM(48, 4, 2)}),
    "lstm empty": (
        lambda self, x: self.a(x[:, 0, 10:])[1][0],
        {"a": lambda: nn.LSTM(48, 4, 2, batch_first=True)},
    ),
    "gru state": (
        lambda self, x: self.a(x[:, 0], torch.zeros(1, 32, 4))[0],
        {"a": lambda: nn.GRU(48, 4)},
    ),
    "conv3d": (
        lambda self, x: self.a(x[:, None]),
        {
            "a": lambda: nn.Sequential(
                nn.Conv3d(1, 2, (2, 7, 5), (1, 3, 2), (0, 2, 1)), nn.MaxPool3d((1, 2, 3))
            )
        },
    ),
    "ln": (lambda self, x: self.a(F.max_pool2d(x, 2)), {"a": lambda: nn.LayerNorm((16, 24))}),
    "ln c": (lambda self, x: self.a(x.permute(0, 2, 3, 1)), {"a": lambda: nn.LayerNorm(3)}),
    "adaptive softmax": (
        lambda self, x: self.a(x),
        {"a": lambda: nn.AdaptiveAvgPool3d((2, 5, None))},
    ),
    "lazy": (
        lambda self, x: self.a(F.max_pool2d(x, 2)),
        {"a": lambda: nn.Sequential(nn.LPPool2d(1, 3, 2), nn.ReflectionPad2d(4), nn.ZeroPad2d(-3))},
    ),
    "bilstm": (
        lambda self, x: self.a(x[:, 0]),
        {"a": lambda: nn.TransformerEncoderLayer(48, 4, 8, batch_first=True)},
    ),
    "decoder": (
        lambda self, x: self.a(
            x[:, 0],
            x[:, 1, :20],
            tgt_mask=torch.zeros(32, 32),
            memory_mask=torch.zeros(x.shape[2], 20),
        ),
        {"a": lambda: nn.TransformerDecoderLayer(48, 4, 8, batch_first=True)},
    ),
    "bn3": (lambda self, x: self.a(F.max_pool2d(x, 16)), {"a": lambda: nn.BatchNorm2d(3)}),
    "in1": (
        lambda self, x: self.a(F.max_pool2d(x, 16).flatten(2)),
        {"a": lambda: nn.InstanceNorm1d(3)},
    ),
    "gn": (lambda self, x: self.a(F.max_pool2d(x, 16)), {"a": lambda: nn.GroupNorm(3, 3)}),
    "rnncell": (lambda self, x: self.a(x[:, 0, 0]), {"a": lambda: nn.LSTMCell(48, 4)}),
    "bilinear module": (
        lambda self, x: self.a(x[:, 0], x[:, 1]),
        {"a": lambda: nn.Bilinear(48, 48, 2)},
    ),
    "attn": (
        lambda self, x: F.scaled_dot_product_attention(x, x, x, attn_mask=torch.zeros(32, 32)),
        {},
    ),
    "attn causal": (
        lambda self, x: F.scaled_dot_product_attention(
            x, x[:, :, :20], x[:, :, :20], is_causal=True
        ),
        {},
    ),
    "unflatten module": (lambda self, x: self.a(x), {"a": lambda: nn.Unflatten(2, (4, -1))}),
    "embedding module": (
        lambda self, x: self.a(torch.arange(x.shape[2] // 2)),
        {"a": lambda: nn.Embedding(10, 3)},
    ),
    "embedding off": (
        lambda self, x: self.a(torch.arange(x.shape[2]) + 3),
        {"a": lambda: nn.Embedding(30, 3)},
    ),
    "embedding offset": (
        lambda self, x: self.a(torch.arange(2, x.shape[2])),
        {"a": lambda: nn.Embedding(30, 3)},
    ),
    "embedding clamp": (
        lambda self, x: self.a(torch.arange(x.shape[2]).clamp(max=29)),
        {"a": lambda: nn.Embedding(30, 3)},
    ),
    "embedding flip": (
        lambda self, x: self.a(torch.arange(x.shape[2]).flip(0)),
        {"a": lambda: nn.Embedding(30, 3)},
    ),
    "embedding expand": (
        lambda self, x: self.a(torch.arange(x.shape[2]).unsqueeze(0).expand(x.shape[0], -1)),
        {"a": lambda: nn.Embedding(30, 3)},
    ),
    "embedding grid": (
        lambda self, x: self.a(torch.arange(x.shape[2])[:, None] * 2 + torch.arange(2)),
        {"a": lambda: nn.Embedding(60, 3)},
    ),
    "embedding relative": (
        lambda self, x: self.a(torch.arange(x.shape[2])[:, None] - torch.arange(x.shape[2]) + 29),
        {"a": lambda: nn.Embedding(60, 3)},
    ),
    "embedding buffer": (
        lambda self, x: self.a(self.ids[: x.shape[2]]),
        {"a": lambda: nn.Embedding(30, 3), "ids": lambda: torch.arange(40)},
    ),
    "embedding cumsum": (
        lambda self, x: self.a(torch.ones_like(x[:, 0, :, 0]).long().cumsum(1)),
        {"a": lambda: nn.Embedding(30, 3)},
    ),
    "embedding linspace": (
        lambda self, x: self.a(torch.linspace(0, x.shape[2], 5).long()),
        {"a": lambda: nn.Embedding(30, 3)},
    ),
}

# what is not predicted yet, and why
_VALUES = "the greatest index is not followed through a slice, a sum or a difference of positions"
_MEMORY = "the order in memory is followed through permutations, not through slices"
GAPS = {
    **dict.fromkeys(
        (
            "embedding grid", "embedding relative", "embedding buffer", "embedding cumsum",
            "embedding linspace",
        ),
        _VALUES,
    ),
    "slice view": _MEMORY,
    "unpool": "whether an index of max_unpool is beyond an odd size depends on data",
}  # fmt: skip
