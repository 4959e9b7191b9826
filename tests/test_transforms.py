"""Code that stands between a model and torch: transforms, scripts, hooks, observers."""

from __future__ import annotations

import functools
import warnings
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, vjp, vmap
from torch.nn.utils import parametrizations, parametrize
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from shapecalc.analysis import analyze
from tests.compared import compared
from tests.test_habits import IMAGE, SIZES, conv, module

ROWS = [{"N": 3, "T": 9}, {"N": 1, "T": 16}, {"N": 2, "T": 5}]
POINTS = [{"N": 3}, {"N": 7}, {"N": 1}]


def calls(function: Callable[..., Any], **children: Any) -> nn.Module:
    """Return a model of one function of its inputs, which may name the children as attributes."""
    return module(lambda self, *inputs: function(self, *inputs), **children)


# ---------------------------------------------------------------------------- torch.func

MAPPED = {
    "a reduction": (lambda self, x: vmap(lambda y: y.sum(0))(x), "(N, 8)"),
    "a product of each": (lambda self, x: vmap(lambda y: y @ y.T)(x), "(N, T, T)"),
    "over another axis": (lambda self, x: vmap(lambda y: y.sum(-1), in_dims=1)(x), "(T, N)"),
    "into another axis": (lambda self, x: vmap(lambda y: y * 2, 1, 2)(x), "(N, 8, T)"),
    "a negative axis": (lambda self, x: vmap(lambda y: y @ y.T, -1, -2)(x), "(N, 8, N)"),
    "one given to all": (lambda self, x: vmap(torch.mv, (0, None))(x, x[0, 0]), "(N, T)"),
    "nested": (lambda self, x: vmap(vmap(torch.dot))(x, x), "(N, T)"),
    "in chunks": (lambda self, x: vmap(lambda y: y.cumsum(0), chunk_size=2)(x), "(N, T, 8)"),
    "weights": (lambda self, x: vmap(lambda w: x * w)(self.linear.weight), "(5, N, T, 8)"),
    "a module": (lambda self, x: vmap(self.linear)(x), "(N, T, 5)"),
}  # fmt: skip


@pytest.mark.parametrize("name", MAPPED)
def test_a_mapped_function_is_followed(name: str) -> None:
    function, out = MAPPED[name]
    analysis = compared(calls(function, linear=nn.Linear(8, 5)), "N,T,8", sizes=ROWS)
    assert str(analysis.output) == out


def test_a_mapped_function_of_dicts() -> None:
    def forward(self: Any, x: Tensor) -> Any:
        def each(given: dict[str, Tensor]) -> dict[str, Tensor]:
            return {"twice": given["x"] * 2, "sum": given["x"].sum()}

        return vmap(each, in_dims=({"x": 1},), out_dims=-1)({"x": x})

    analysis = compared(calls(forward), "N,T,8", sizes=ROWS)
    assert str(analysis.output) == "{'twice': (N, 8, T), 'sum': (T,)}"


def test_a_mask_made_of_positions() -> None:
    def forward(self: Any, x: Tensor) -> Tensor:
        place = torch.arange(x.shape[1])
        earlier = vmap(vmap(lambda q, k: k <= q, (None, 0)), (0, None))(place, place)
        return x @ x.transpose(1, 2) * earlier

    compared(calls(forward), "N,T,8", sizes=ROWS)


def test_fields_of_a_mapped_function_are_verified() -> None:
    """The tensors within `vmap` have no elements that a run could be watched for."""
    analysis = analyze(calls(lambda self, x: vmap(lambda y: y.cumsum(0) * 2)(x)), "N,T,8")
    verification = analysis.verify(sizes=[{"N": 2, "T": 5}])
    assert verification, verification
    assert verification.field_runs


def of_sum(self: Any, x: Tensor) -> Tensor:
    return self.linear(x).sum()


DERIVED = {
    "grad": (lambda self, x: grad(functools.partial(of_sum, self))(x), "(N, 2)"),
    "grad of weights": (
        lambda self, x: grad(lambda w: (x @ w.T).sum())(self.linear.weight), "(8, 2)",
    ),
    "vjp": (lambda self, x: vjp(self.linear, x)[1](x.new_ones(x.shape[0], 8))[0], "(N, 2)"),
    "jvp": (lambda self, x: jvp(self.linear, (x,), (torch.ones_like(x),)), "((N, 8), (N, 8))"),
    "jacrev of each": (lambda self, x: vmap(jacrev(self.linear))(x), "(N, 8, 2)"),
    "jacfwd of all": (lambda self, x: jacfwd(self.linear)(x), "(N, 8, N, 2)"),
    "hessian": (lambda self, x: hessian(lambda y: (y**2).sum())(x), "(N, 2, N, 2)"),
    "laplacian": (
        lambda self, x: vmap(hessian(lambda y: self.linear(y).tanh().sum()))(x)
        .diagonal(dim1=-2, dim2=-1).sum(-1),
        "(N,)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DERIVED)
def test_derivatives_are_followed(name: str) -> None:
    function, out = DERIVED[name]
    analysis = compared(calls(function, linear=nn.Linear(2, 8)), "N,2", sizes=POINTS)
    assert str(analysis.output) == out


def test_gradients_of_each_sample() -> None:
    def forward(self: Any, x: Tensor) -> Any:
        def loss(weights: dict[str, Tensor], one: Tensor) -> Tensor:
            return functional_call(self.conv, weights, (one[None],)).sum()

        return vmap(grad(loss), in_dims=(None, 0))(dict(self.conv.named_parameters()), x)

    analysis = compared(calls(forward, conv=conv()), IMAGE, sizes=SIZES)
    assert str(analysis.output) == "{'weight': (N, 8, 3, 3, 3), 'bias': (N, 8)}"


def test_forces_are_the_gradient_of_an_energy() -> None:
    def forward(self: Any, x: Tensor) -> Any:
        with torch.enable_grad():
            x = x.clone().requires_grad_()
            energy = self.linear(x).tanh().sum()
            return energy, -torch.autograd.grad([energy], [x], create_graph=True)[0]

    analysis = compared(calls(forward, linear=nn.Linear(2, 8)), "N,2", sizes=POINTS)
    assert str(analysis.output) == "((), (N, 2))"


def test_a_derivative_is_no_guess_about_receptive_fields() -> None:
    analysis = analyze(calls(lambda self, x: grad(lambda y: (y**2).sum())(x)), "N,4,H")
    field = analysis.layers[-1].receptive_field
    assert not field.exact
    assert "derivative" in field.bound


REFUSED = {
    "no such axis": lambda self, x: vmap(torch.sum, in_dims=3)(x),
    "batches of two sizes": lambda self, x: vmap(torch.dot)(x, x[1:]),
    "the gradient of more than a number": lambda self, x: grad(torch.sin)(x),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_transform_refuses_is_said(name: str) -> None:
    (finding,) = analyze(calls(REFUSED[name]), "N,2").graph.findings
    with pytest.raises((RuntimeError, ValueError)) as error:
        REFUSED[name](None, torch.rand(5, 2))
    assert finding.message.startswith(f"{error.type.__name__}: {str(error.value)[:20]}")


# ---------------------------------------------------------------------------- scripts, aten


def halved(x: Tensor) -> Tensor:
    if x.size(2) % 2 == 0:
        return F.max_pool2d(x, 2)
    return x[:, :, ::2]


def scripted(function: Callable[..., Any]) -> Any:
    with warnings.catch_warnings(action="ignore"):
        return torch.jit.script(function)


def test_scripted_functions_are_followed() -> None:
    function = scripted(halved)
    analysis = compared(calls(lambda self, x: function(x) + 1), IMAGE, sizes=SIZES[1:])
    assert [str(dim) for dim in analysis.at(N=2, H=16, W=20).output] == ["2", "3", "8", "10"]
    assert analysis.verify(sizes=SIZES, fields=False)


def only_scripted(x: Tensor) -> Tensor:
    return x[:, :1] if torch.jit.is_scripting() else x


def test_a_scripted_function_knows_that_it_is_one() -> None:
    function = scripted(only_scripted)
    analysis = compared(calls(lambda self, x: function(x)), IMAGE, sizes=SIZES)
    assert str(analysis.output) == "(N, 1, H, W)"
    assert torch.jit.is_scripting() is False


def test_ops_of_aten_are_those_of_torch() -> None:
    aten = torch.ops.aten
    compared(calls(lambda self, x: aten.add.Tensor(aten.relu(x), aten.mean.dim(x, [1], True))),
             IMAGE, sizes=SIZES)  # fmt: skip


# ---------------------------------------------------------------------------- hooks


def hooked(*hooks: Callable[..., Any], **options: Any) -> nn.Module:
    model = module(lambda self, x: self.conv(x), conv=conv())
    for hook in hooks:
        model.conv.register_forward_hook(hook, **options)
    return model


class Scaled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = conv()

    def forward(self, x: Tensor, *, step: int = 1) -> Tensor:
        return self.conv(x)[..., ::step]


def test_hooks_that_replace_outputs() -> None:
    compared(hooked(lambda *call: call[2].mean((2, 3))), IMAGE, sizes=SIZES)
    twice = hooked(lambda *call: call[2][:, :4], lambda *call: torch.cat((call[2], call[2]), 1))
    assert str(compared(twice, IMAGE, sizes=SIZES).output).startswith("(N, 8,")
    last = hooked(  # of those that are put first, the last comes before the others
        lambda *call: call[2][:, :4], lambda *call: call[2].repeat(1, 3, 1, 1), prepend=True
    )
    assert str(compared(last, IMAGE, sizes=SIZES).output).startswith("(N, 4,")


def test_hooks_with_keyword_arguments() -> None:
    inner = Scaled()
    inner.register_forward_pre_hook(
        lambda module, args, kwargs: (args, {**kwargs, "step": 3}), with_kwargs=True
    )
    inner.register_forward_hook(
        lambda module, args, kwargs, out: F.pad(out, (kwargs["step"], 0)), with_kwargs=True
    )
    compared(calls(lambda self, x: self.inner(x), inner=inner), IMAGE, sizes=SIZES)


def test_hooks_of_the_model_itself() -> None:
    model = module(lambda self, x: self.conv(x), conv=conv())
    model.register_forward_pre_hook(lambda module, args: args[0][..., 1:])
    model.register_forward_hook(lambda module, args, out: {"out": out})
    compared(model, IMAGE, sizes=SIZES)


def test_features_that_hooks_keep() -> None:
    kept: dict[str, Tensor] = {}
    body = nn.Sequential(conv(), nn.ReLU(), nn.Conv2d(8, 16, 3))
    for name in ("0", "2"):
        body.get_submodule(name).register_forward_hook(
            lambda module, args, out, name=name: kept.update({name: out})
        )
    model = calls(lambda self, x: (self.body(x), [kept["0"], kept["2"]])[1], body=body)
    compared(model, IMAGE, sizes=SIZES)


# ---------------------------------------------------------------------------- the rest


def test_quantisation_stubs_and_observers() -> None:
    quantization = torch.ao.quantization
    stubs = nn.Sequential(quantization.QuantStub(), conv(), quantization.DeQuantStub())
    with warnings.catch_warnings(action="ignore"):
        compared(nn.Sequential(quantization.FakeQuantize(), conv()), IMAGE, sizes=SIZES)
    compared(stubs, IMAGE, sizes=SIZES)
    compared(quantization.QuantWrapper(conv()), IMAGE, sizes=SIZES)
    functional = torch.ao.nn.quantized.FloatFunctional()
    compared(calls(lambda self, x: self.ff.cat([x, self.ff.add(x, x)], 1), ff=functional),
             IMAGE, sizes=SIZES)  # fmt: skip


class Symmetric(nn.Module):
    def forward(self, weight: Tensor) -> Tensor:
        return weight.triu() + weight.triu(1).transpose(-1, -2)


def test_parametrisations_of_their_own() -> None:
    linear = nn.Linear(8, 8)
    parametrize.register_parametrization(linear, "weight", Symmetric())
    compared(nn.Sequential(linear), "N,T,8", sizes=ROWS)

    def forward(self: Any, x: Tensor) -> Tensor:
        with parametrize.cached():
            return self.linear(x) + self.linear(x)

    norm = parametrizations.spectral_norm(nn.Linear(8, 6))
    compared(calls(forward, linear=norm), "N,T,8", sizes=ROWS)
    compared(calls(forward, linear=norm), "N,T,8", sizes=ROWS, train=True)


def test_padding_a_packed_sequence_to_the_length_it_had() -> None:
    def forward(self: Any, x: Tensor, lengths: Tensor) -> Any:
        packed = pack_padded_sequence(
            x, lengths.clamp(min=1).cpu(), batch_first=True, enforce_sorted=False
        )
        out, (state, _) = self.lstm(packed)
        return pad_packed_sequence(out, batch_first=True, total_length=x.shape[1])[0], state

    model = calls(forward, lstm=nn.LSTM(8, 5, 2, batch_first=True))
    analysis = compared(model, "N,T,8", "N:int64", sizes=ROWS)
    assert str(analysis.output) == "((N, T, 5), (2, N, 5))"


def test_a_packed_sequence_taken_apart() -> None:
    def forward(self: Any, x: Tensor) -> Tensor:
        packed = pack_padded_sequence(x, torch.full((x.shape[0],), x.shape[1]), batch_first=True)
        changed = PackedSequence(
            self.linear(packed.data), packed.batch_sizes, packed.sorted_indices
        )
        return pad_packed_sequence(changed, batch_first=True, total_length=x.shape[1])[0]

    compared(calls(forward, linear=nn.Linear(8, 5)), "N,T,8", sizes=ROWS)


def test_outputs_in_deques_and_sets() -> None:
    compared(calls(lambda self, x: deque([x, x[:1]])), IMAGE, sizes=SIZES)
    compared(calls(lambda self, x: {x}), IMAGE, sizes=SIZES)
