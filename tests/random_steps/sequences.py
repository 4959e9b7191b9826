"""Steps along a sequence, over windows, and through a frequency domain."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import grad, jvp, vmap
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from tests.random_steps.products import image, tokens
from tests.random_steps.step import With


def packed(x: Tensor, k: int, layer: nn.LSTM) -> Tensor:
    """Return a recurrent layer's answer to sequences that are all of full length."""
    rows = tokens(x)
    lengths = torch.full((rows.shape[0],), rows.shape[1])
    out, _ = layer(pack_padded_sequence(rows, lengths, batch_first=True))
    padded, _ = pad_packed_sequence(out, batch_first=True, total_length=rows.shape[1])
    return image(padded, x)


STEPS = {
    "recurrent": [
        With(
            lambda: nn.LSTM(4, 2, batch_first=True, bidirectional=True),
            lambda x, k, layer: image(layer(tokens(x))[0], x),
        ),
        With(
            lambda: nn.GRU(4, 4, 2, batch_first=True),
            lambda x, k, layer: layer(x[:, :, 0].transpose(1, 2))[0].transpose(1, 2)[:, :, None],
        ),
        With(
            lambda: nn.RNN(4, 4, nonlinearity="relu"),
            lambda x, k, layer: x + layer(tokens(x))[1][0].mean(0)[:, None, None],
        ),
        With(
            lambda: nn.LSTM(4, 6, proj_size=4),
            lambda x, k, layer: layer(x.movedim(1, -1).flatten(1, 2))[0].transpose(1, 2)[..., None],
        ),
    ],
    "recurrent_cells": [
        With(lambda: nn.GRUCell(4, 4), lambda x, k, cell: x + cell(x.mean((2, 3)))[..., None, None]),
        With(lambda: nn.LSTMCell(4, 4), lambda x, k, cell: x * cell(x[:, :, 0, 0])[1][..., None, None]),
        With(lambda: nn.RNNCell(4, 4), lambda x, k, cell: x[:, :, :k] + cell(x[:, :, -1, -1])[:, :, None, None]),
    ],
    "packed_sequences": [
        With(lambda: nn.LSTM(4, 4, batch_first=True), packed),
        lambda x, k: pad_sequence([row[:, :, :k].transpose(0, 2) for row in (x[0], x[-1])], True).transpose(1, 3),
    ],
    "fft": [
        lambda x, k: torch.fft.rfft2(x).abs(),
        lambda x, k: torch.fft.irfft2(torch.fft.rfft2(x, norm="ortho"), s=x.shape[2:]),
        lambda x, k: torch.fft.irfft(torch.fft.rfft(x)),
        lambda x, k: torch.fft.fft(x, n=2 * k, dim=2).real,
        lambda x, k: torch.fft.fftshift(torch.fft.fftn(x, dim=(2, 3)), dim=3).imag,
        lambda x, k: torch.fft.hfft(x, dim=-k),
        lambda x, k: torch.fft.ihfft(x, n=x.shape[-1] + k).real,
        lambda x, k: torch.fft.irfft(torch.fft.rfft(x, n=2 * x.shape[2], dim=2), dim=2)[:, :, : x.shape[2]],
    ],
    "spectral": [
        lambda x, k: torch.stft(
            x.flatten(0, 2), 4 * k, k, window=x.new_ones(4 * k), return_complex=True
        ).abs().unflatten(0, (-1, 4, x.shape[2])).flatten(2, 3),
        lambda x, k: torch.istft(
            torch.stft(x.flatten(0, 2), 4, 2, window=x.new_ones(4), return_complex=True),
            4, 2, window=x.new_ones(4), length=x.shape[-1],
        ).view_as(x),
    ],
    "layer_normalization": [
        lambda x, k: F.layer_norm(x, x.shape[2:]),
        With(lambda: nn.LayerNorm(4), lambda x, k, norm: norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)),
        lambda x, k: F.group_norm(x, 2),
        lambda x, k: F.rms_norm(x, x.shape[-k:]),
        lambda x, k: F.normalize(x, dim=k),
        lambda x, k: F.local_response_norm(x, k),
    ],
    "vision": [
        lambda x, k: F.pixel_shuffle(x, 2).expand(-1, 4, -1, -1),
        lambda x, k: F.pixel_unshuffle(x, k)[:, :4],
        lambda x, k: F.grid_sample(x, torch.zeros(x.shape[0], k, 5, 2).to(x), align_corners=False),
        lambda x, k: F.grid_sample(x, F.affine_grid(
            x.new_ones(x.shape[0], 2, 3), x.shape, align_corners=True), align_corners=True),
        lambda x, k: F.channel_shuffle(x, 2),
    ],
    "other": [
        lambda x, k: torch.cross(x[:, :3], x[:, 1:], dim=1)[:, [0, 1, 2, 0]],
        lambda x, k: mixing(x, torch.cov(x.transpose(0, 1).flatten(1))),
        lambda x, k: mixing(x, torch.corrcoef(x[0].flatten(1))),
        lambda x, k: torch.vander(x[0, 0, 0], k + 1).expand(1, 4, -1, -1),
        lambda x, k: torch.renorm(x, 2, k, 1.0) + torch.trace(x[0, 0]),
    ],
    "function_transforms": [
        lambda x, k: vmap(lambda each: each * each.mean())(x),
        lambda x, k: vmap(lambda each: each @ each.mT, in_dims=1, out_dims=1)(x),
        lambda x, k: vmap(vmap(torch.diag), (0,), 0)(x)[..., None],
        lambda x, k: grad(lambda y: (y**k).sum())(x),
        lambda x, k: jvp(torch.sin, (x,), (torch.ones_like(x),))[1],
        lambda x, k: vmap(grad(lambda row: (row * row).sum()), k - 1, k - 1)(x),
    ],
}  # fmt: skip


def mixing(x: Tensor, matrix: Tensor) -> Tensor:
    """Return an image whose channels one matrix mixes for the whole batch."""
    return torch.tensordot(matrix, x, dims=([1], [1])).transpose(0, 1)
