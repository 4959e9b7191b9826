"""Activations: a formula, and the number in it."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import nn

from shapecalc.explain.call import Call, explains, number
from shapecalc.explain.explanation import Made, Step, Sum
from shapecalc.explain.formula import Number

# the formulas of torch's pages, and the parameters in them
_PLAIN: Mapping[type[nn.Module], tuple[str, tuple[str, ...]]] = {
    nn.ReLU: ("max(0, x)", ()),
    nn.ReLU6: ("min(max(0, x), 6)", ()),
    nn.LeakyReLU: ("max(0, x) + negative_slope*min(0, x)", ("negative_slope",)),
    nn.ELU: ("max(0, x) + alpha*(exp(min(0, x)) - 1)", ("alpha",)),
    nn.CELU: ("max(0, x) + alpha*(exp(min(0, x)/alpha) - 1)", ("alpha",)),
    nn.SiLU: ("x/(1 + exp(-x))", ()),
    nn.Mish: ("x*tanh(log(1 + exp(x)))", ()),
    nn.Sigmoid: ("1/(1 + exp(-x))", ()),
    nn.LogSigmoid: ("-log(1 + exp(-x))", ()),
    nn.Tanh: ("tanh(x)", ()),
    nn.Tanhshrink: ("x - tanh(x)", ()),
    nn.Softsign: ("x/(1 + abs(x))", ()),
    nn.Softshrink: ("max(0, x - lambd) + min(0, x + lambd)", ("lambd",)),
    nn.Hardtanh: ("min(max(min_val, x), max_val)", ("min_val", "max_val")),
    nn.Hardsigmoid: ("min(max(0, x + 3), 6)/6", ()),
    nn.Hardswish: ("x*min(max(0, x + 3), 6)/6", ()),
    nn.Identity: ("x", ()),
}


@explains(*_PLAIN)
def plain(call: Call) -> Made:
    """Explain an activation with one formula.

    Source:
        https://pytorch.org/docs/stable/nn.html#non-linear-activations-weighted-sum-nonlinearity
    """
    kind = next(kind for kind in type(call.module).__mro__ if kind in _PLAIN)
    formula, parameters = _PLAIN[kind]
    return _made(call, formula, {name: getattr(call.module, name) for name in parameters})


@explains(nn.GELU)
def gelu(call: Call) -> Made:
    """Explain GELU: exactly, or by its approximation with tanh.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.GELU.html
    """
    if call.module.approximate == "tanh":
        return _made(call, "x*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x**3)))/2", {})
    return _made(call, "x*(1 + erf(x/sqrt(2)))/2", {})


@explains(nn.SELU)
def selu(call: Call) -> Made:
    """Explain SELU, whose two numbers are fixed.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.SELU.html
    """
    numbers = {"scale": 1.0507009873554805, "alpha": 1.6732632423543772}
    return _made(call, "scale*(max(0, x) + alpha*(exp(min(0, x)) - 1))", numbers)


@explains(nn.PReLU)
def prelu(call: Call) -> Made:
    """Explain PReLU: a slope that is learned, for all channels or for each.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.PReLU.html
    """
    slopes = call.module.weight.detach()
    own = call.element[1] if slopes.numel() > 1 and len(call.element) > 1 else 0
    meaning = f"weight: that of channel {own}" if slopes.numel() > 1 else ""
    return _made(call, "max(0, x) + weight*min(0, x)", {"weight": number(slopes[own])}, meaning)


@explains(nn.Softplus)
def softplus(call: Call) -> Made:
    """Explain Softplus, which is the identity beyond its threshold.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Softplus.html
    """
    module, x = call.module, number(call.x[call.element])
    if x * module.beta > module.threshold:
        return _made(call, "x", {}, f"since x*beta is above the threshold of {module.threshold}")
    return _made(call, "log(1 + exp(beta*x))/beta", {"beta": module.beta})


@explains(nn.Hardshrink)
def hardshrink(call: Call) -> Made:
    """Explain Hardshrink: 0 from -lambd to lambd.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Hardshrink.html
    """
    x, lambd = number(call.x[call.element]), call.module.lambd
    if -lambd <= x <= lambd:
        return _made(call, "0*x", {}, f"since x is within -{lambd} to {lambd}")
    return _made(call, "x", {}, f"since x is not within -{lambd} to {lambd}")


@explains(nn.Threshold)
def threshold(call: Call) -> Made:
    """Explain Threshold: another value for all that is not above it.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Threshold.html
    """
    module, x = call.module, number(call.x[call.element])
    if x > module.threshold:
        return _made(call, "x", {}, f"since x is above the threshold of {module.threshold}")
    return _made(call, "value", {"value": module.value}, "since x is not above the threshold")


@explains(nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)
def dropout(call: Call) -> Made:
    """Explain dropout: nothing in evaluation mode; in training what is kept is scaled up.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html
    """
    if not call.training:
        return _made(call, "x", {}, "in evaluation mode nothing is dropped")
    p, x = call.module.p, number(call.x[call.element])
    if number(call.y[call.element]) == 0 and x != 0:
        return _made(call, "0*x", {}, f"dropped this time, as happens with p = {p}")
    return _made(call, "x/(1 - p)", {"p": p}, "kept this time, and scaled up for those dropped")


@explains(nn.Softmax, nn.LogSoftmax, nn.Softmin)
def softmax(call: Call) -> Made:
    """Explain a softmax: the share that an element has of the sum of exponentials.

    The largest element is subtracted first, which changes nothing but keeps exp from overflowing.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Softmax.html
    """
    module, rank = call.module, call.x.dim()
    dim = module.dim
    if dim is None:  # what torch chose before it asked for an answer
        dim = 0 if rank in (0, 1, 3) else 1
    at = tuple(slice(None) if axis == dim % rank else i for axis, i in enumerate(call.element))
    sign = "-x" if isinstance(module, nn.Softmin) else "x"
    row = call.x[at].double() * (-1 if sign == "-x" else 1)
    largest = row.max().item()
    added = Sum.of(f"sum of exp({sign} - largest)", torch.exp(row - largest))
    exponent = f"{sign} - largest"
    log = isinstance(module, nn.LogSoftmax)
    formula = f"{exponent} - log(sum)" if log else f"exp({exponent})/sum"
    values = {"x": number(call.x[call.element]), "largest": largest, "sum": added.total}
    step = Step.of("value", formula, values)
    spans = [
        range(call.x.shape[axis]) if isinstance(i, slice) else (i,) for axis, i in enumerate(at)
    ]
    reads = call.reads((f"axis {axis}" for axis in range(rank)), spans)
    size = abs(step.value) + (abs(largest) if log else 1.0)
    return Made(reads=reads, parts=(added, step), value=step.value, size=size)


def _made(call: Call, formula: str, values: dict[str, Number], meaning: str = "") -> Made:
    x = number(call.x[call.element])
    named = {"x": x, **values} if re.search(r"\bx\b", formula) else values
    step = Step.of("value", formula, named, meaning)
    return Made(reads=call.own(), parts=(step,), value=step.value, size=abs(x) + abs(step.value))
