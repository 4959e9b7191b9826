"""No finding, warnings included, on models that are right: real ones, and tricks of real ones."""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shapecalc.diagnose import check

torchvision = importlib.util.find_spec("torchvision")
transformers = importlib.util.find_spec("transformers")


def findings(model: nn.Module | Callable[[], nn.Module], *inputs: Any, **options: Any) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = check(model, *inputs, **options).findings
    return [f"{finding.code} {finding.layer}: {finding.message}" for finding in found]


# ---------------------------------------------------------------------------- torchvision

IMAGES = ("N,3,224,224", "2,3,224,224", "1,3,224,224")
VIDEOS = ("N,3,16,224,224", "2,3,16,224,224")
QUICK = (
    "resnet18", "densenet121", "shufflenet_v2_x0_5", "swin_t", "vit_b_32", "maxvit_t",
    "lraspp_mobilenet_v3_large", "mvit_v2_s", "r3d_18",
)  # fmt: skip


def vision() -> list[Any]:
    if torchvision is None:
        return []
    from tests import torchvision_models

    names = [*torchvision_models.factories(), *videos()]
    return [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in names]


def videos() -> list[str]:
    import torchvision.models.video as video
    from torchvision.models import list_models

    return sorted(list_models(module=video))


@pytest.mark.skipif(torchvision is None, reason="pip install --no-deps torchvision==0.28.0")
@pytest.mark.parametrize("name", vision())
def test_models_of_torchvision(name: str) -> None:
    from shapecalc.target import load_target
    from tests import torchvision_models

    module = torchvision_models.__name__
    if name in videos():
        module = "torchvision.models.video"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = load_target(f"{module}:{name}").model
    side = "299" if name == "inception_v3" else "224"
    for shape in VIDEOS if name in videos() else IMAGES:
        assert not findings(model, shape.replace("224", side)), shape


# ---------------------------------------------------------------------------- transformers

SMALL = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
    "vocab_size": 99,
}  # fmt: skip
GPT = {"n_embd": 32, "n_layer": 2, "n_head": 4, "vocab_size": 99}
T5 = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4, "vocab_size": 99}
PATCHES = {**SMALL, "image_size": 32, "patch_size": 8}
WORDS, IMAGE = "N,12:int64", "N,3,32,32"
TRANSFORMERS: dict[str, tuple[dict[str, Any], str]] = {
    "BertForSequenceClassification": (SMALL, WORDS),
    "BertForMaskedLM": (SMALL, WORDS),
    "RobertaForTokenClassification": (SMALL, WORDS),
    "AlbertModel": ({**SMALL, "embedding_size": 16}, WORDS),
    "ElectraModel": (SMALL, WORDS),
    "DistilBertModel": ({"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}, WORDS),
    "MPNetModel": (SMALL, WORDS),
    "DebertaV2Model": ({**SMALL, "relative_attention": True, "pos_att_type": ["c2p"]}, WORDS),
    "XLNetModel": ({"d_model": 32, "n_layer": 2, "n_head": 4, "d_inner": 64}, WORDS),
    "GPT2LMHeadModel": (GPT, WORDS),
    "GPTNeoXForCausalLM": (SMALL, WORDS),
    "LlamaForCausalLM": ({**SMALL, "num_key_value_heads": 2}, WORDS),
    "Qwen2ForCausalLM": ({**SMALL, "num_key_value_heads": 2}, WORDS),
    "T5EncoderModel": (T5, WORDS),
    "FNetModel": (SMALL, WORDS),
    "ViTForImageClassification": (PATCHES, IMAGE),
    "DeiTModel": (PATCHES, IMAGE),
    "BeitModel": ({**PATCHES, "use_relative_position_bias": True}, IMAGE),
    "SwinForImageClassification": (
        {"image_size": 32, "patch_size": 2, "embed_dim": 16, "depths": [2, 2], "num_heads": [2, 4],
         "window_size": 4},
        IMAGE,
    ),
    "ConvNextModel": ({"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1]}, IMAGE),
    "SegformerForSemanticSegmentation": (
        {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1], "decoder_hidden_size": 16},
        "N,3,64,64",
    ),
    "MobileViTModel": ({"hidden_sizes": [16, 24, 32], "neck_hidden_sizes": [8] * 7}, "N,3,64,64"),
    "PoolFormerModel": ({"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1]}, "N,3,64,64"),
    "TimesformerModel": ({**PATCHES, "num_frames": 4}, "N,4,3,32,32"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(transformers is None, reason="transformers is not installed")
@pytest.mark.parametrize("name", TRANSFORMERS)
def test_models_of_transformers(name: str) -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import transformers as library

    sizes, shape = TRANSFORMERS[name]
    cls = getattr(library, name)
    model = cls(cls.config_class(**sizes)).eval()
    assert not findings(model, shape)
    for batch in (1, 2):
        kind = shape.partition(":")[2]
        numbers = shape.partition(":")[0].replace("N", str(batch))
        assert not findings(model, f"{numbers}:{kind}" if kind else numbers), batch


# ---------------------------------------------------------------------------- tricks


class Trick(nn.Module):
    """A function of tensors, in the place of a model."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.linear = nn.Linear(16, 16)
        self.conv = nn.Conv2d(3, 12, 3, padding=1)
        self.function = function

    def forward(self, *inputs: Tensor) -> Any:
        return self.function(self, *inputs)


def heads(m: Trick, x: Tensor) -> Tensor:
    """Attention whose heads go into the batch and come back."""
    n, t, _ = x.shape
    x = m.linear(x).view(n, t, 4, 4).transpose(1, 2).reshape(n * 4, t, 4)
    x = torch.bmm(torch.softmax(x @ x.transpose(1, 2), -1), x)
    return x.view(n, 4, t, 4).transpose(1, 2).reshape(n, t, 16)


def shifted(m: Trick, x: Tensor) -> Tensor:
    """Scores of pairs of positions, shifted against each other by a view that cuts anew."""
    x = m.linear(x)
    scores = x @ x.transpose(1, 2)
    n, t, s = scores.shape
    padded = torch.cat([scores.new_zeros(n, t, 1), scores], -1)
    return padded.view(n, s + 1, t)[:, 1:].reshape(n, t, s) @ x


def windows(m: Trick, x: Tensor) -> Tensor:
    """Windows of 4x4 that go into the batch and come back."""
    x = m.conv(x)
    n, c, h, w = x.shape
    x = x.view(n, c, h // 4, 4, w // 4, 4).permute(0, 2, 4, 3, 5, 1).reshape(-1, 16, c)
    x = torch.softmax(x, -1).view(n, h // 4, w // 4, 4, 4, c)
    return x.permute(0, 5, 1, 3, 2, 4).reshape(n, c, h, w)


def shuffled(m: Trick, x: Tensor) -> Tensor:
    """Channels of four groups, one of each in turn."""
    x = m.conv(x)
    n, c, h, w = x.shape
    return x.view(n, 4, c // 4, h, w).transpose(1, 2).reshape(n, c, h, w)


def normalized(m: Trick, x: Tensor) -> Tensor:
    """A group norm by hand."""
    x = m.conv(x)
    groups = x.reshape(x.size(0) * 4, -1)
    groups = (groups - groups.mean(1, keepdim=True)) / groups.std(1, keepdim=True)
    return groups.view(x.shape)


def words(m: Trick, x: Tensor) -> Tensor:
    """One answer for every word, as a loss of words wants them."""
    return m.linear(x).reshape(-1, 16)


def pooled(m: Trick, x: Tensor) -> Tensor:
    """A mean of positions, with weights that sum to 1 over them."""
    x = m.linear(x)
    return (x * torch.softmax(x.mean(-1, keepdim=True), 1)).sum(1)


def pairs(m: Trick, x: Tensor, y: Tensor) -> Tensor:
    """How alike all pairs of samples are, as a contrastive loss wants it."""
    x, y = F.normalize(m.linear(x), dim=-1), F.normalize(m.linear(y), dim=-1)
    return torch.softmax(x @ y.t(), dim=1)


def distances(m: Trick, x: Tensor) -> Tensor:
    """The distance of every sample from every other."""
    x = m.linear(x)
    return (x[:, None] - x[None, :]).square().sum(-1)


def masked(m: Trick, x: Tensor, mask: Tensor) -> Tensor:
    """Positions that a mask leaves out."""
    return (m.linear(x) * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


def each(m: Trick, x: Tensor) -> Tensor:
    """One sample after the other."""
    return torch.stack([m.linear(sample) for sample in x])


TRICKS: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (heads, ("N,T,16",)),
    (heads, ((2, 8, 16),)),
    (heads, ((1, 16, 16),)),
    (shifted, ("N,T,16",)),
    (shifted, ((4, 15, 16),)),
    (windows, ("N,3,16,24",)),
    (windows, ((4, 3, 16, 16),)),
    (shuffled, ("N,3,12,12",)),
    (shuffled, ((12, 3, 4, 4),)),
    (normalized, ("N,3,H,W",)),
    (words, ("N,T,16",)),
    (pooled, ("N,T,16",)),
    (pairs, ("N,16", "N,16")),
    (distances, ("N,16",)),
    (distances, ((16, 16),)),
    (masked, ("N,T,16", "N,T")),
    (each, ((4, 16),)),
]


@pytest.mark.parametrize(
    ("trick", "inputs"), TRICKS, ids=lambda value: getattr(value, "__name__", str(value))
)
def test_tricks_that_are_right(trick: Callable[..., Any], inputs: tuple[Any, ...]) -> None:
    assert not findings(Trick(trick), *inputs)


class Recurrent(nn.Module):
    """A recurrent layer that reads steps first, as torch does by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(6, 8)

    def forward(self, x: Tensor) -> Tensor:
        return self.rnn(x)[0][-1]


@pytest.mark.parametrize("shape", ["T,N,6", (9, 4, 6)])
def test_steps_first_are_no_batch(shape: Any) -> None:
    assert not findings(Recurrent(), shape)
    layer = nn.TransformerEncoderLayer(16, 4, 32)
    wide = shape.replace("6", "16") if isinstance(shape, str) else (*shape[:2], 16)
    assert not findings(layer, wide)


# ---------------------------------------------------------------------------- losses


def test_a_loss_that_fits_is_quiet() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    against = {"output": "N,10", "target": "N", "loss": "cross_entropy"}
    assert not findings(model, "N,1,28,28", **against)
    assert not findings(model, (8, 1, 28, 28), output=(8, 10), target=(8,), loss="CrossEntropyLoss")


def test_a_loss_of_all_pairs_is_found() -> None:
    """torch warns of it itself, once, at the first batch."""
    (found,) = findings(nn.Linear(6, 1), (4, 6), target=(4,), loss="mse_loss")
    assert found.startswith("SC221 mse_loss: mse_loss makes [4, 4] of [4, 1] and [4]")


def test_a_loss_leaves_the_model_as_it_was() -> None:
    model = nn.Linear(6, 1)
    findings(model, "N,6", target="N,1", loss="mse_loss")
    assert model(torch.zeros(2, 6)).shape == (2, 1)
    assert not model._forward_hooks
    assert not model._forward_pre_hooks
