"""Rows for shapecalc/ops/pointwise.py."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch

from shapecalc.ops import pointwise
from tests.op_cases.case import Case, H, N, Rejects, W


def named(name: str, *numbers: Any, first: Any = None) -> Callable[..., Any]:
    """Return a call of torch's function of that name; numbers follow, or precede, the tensors."""

    def call(*tensors: torch.Tensor) -> Any:
        place = torch.Tensor if name.startswith("__") else torch
        for part in name.split("."):
            place = getattr(place, part, None) or getattr(torch.Tensor, part)
        before = () if first is None else (first,)
        return place(*before, *tensors, *numbers)

    call.__name__ = name
    return call


BINARY = [
    "add",
    "sub",
    "subtract",
    "rsub",
    "mul",
    "multiply",
    "pow",
    "fmod",
    "remainder",
    "floor_divide",
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "heaviside",
    "hypot",
    "logaddexp",
    "logaddexp2",
    "igamma",
    "igammac",
    "atan2",
    "arctan2",
    "copysign",
    "ldexp",
    "xlogy",
    "true_divide",
    "div",
    "divide",
    "float_power",
    "special.gammainc",
    "special.gammaincc",
    "special.xlog1py",
    "special.xlogy",
    "special.zeta",
    "logical_and",
    "logical_or",
    "logical_xor",
    "clamp_min",
    "clamp_max",
    "clamp",
    "clip",
    "__floordiv__",
    "__rfloordiv__",
    "__rsub__",
    "__rdiv__",
    "__rmod__",
    "__pow__",
    "__rpow__",
] + [f"special.{name}" for name in pointwise._SPECIAL.split() if "polynomial" in name]
INTEGERS = [
    "gcd",
    "lcm",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "bitwise_left_shift",
    "bitwise_right_shift",
    "__and__",
    "__or__",
    "__xor__",
    "__lshift__",
    "__rshift__",
    "__rlshift__",
    "__rrshift__",
]
IN_PLACE = ["__iand__", "__ior__", "__ixor__", "__ilshift__", "__irshift__"]
WITH_NUMBER = {
    "mvlgamma": named("mvlgamma", 2),
    "special.multigammaln": named("special.multigammaln", 2),
    "polygamma": named("polygamma", first=1),
    "special.polygamma": named("special.polygamma", first=1),
}
OTHERS = {
    "__invert__",
    "bitwise_not",
    "nextafter",
    "addcmul",
    "addcdiv",
    "lerp",
    "__ipow__",
    *WITH_NUMBER,
}
UNARY = [
    name
    for name in (
        *pointwise._TYPE_OF_OPERANDS.split(),
        *pointwise._FRACTIONS.split(),
        *(f"special.{name}" for name in pointwise._SPECIAL.split()),
        *("logical_not", "signbit", "abs", "absolute", "angle", "real", "square", "nan_to_num"),
        *("special.round", "__abs__"),
    )
    if name not in {*BINARY, *INTEGERS, *IN_PLACE, *OTHERS}
]


def added_in_place(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    x = x.clone()
    x += y
    x **= 2
    x.mul_(y).clamp_(min=0)
    return x


CASES = [
    *(Case(named(name), (N, H), (N, H)) for name in UNARY),
    *(Case(call, (N, H), (N, H)) for call in WITH_NUMBER.values()),
    *(Case(named(name), [(N, 1, W), (H, 1)], (N, H, W)) for name in BINARY),
    *(Case(named(name), [(N, 1, W, "int64"), (H, 1, "int64")], (N, H, W)) for name in INTEGERS),
    *(Case(named(name), [(N, W, "int64"), (W, "int64")], (N, W)) for name in IN_PLACE),
    Case(torch.nextafter, [(N, 1, W), (H, 1)], (N, H, W), unseen="the next number is within rounding"),
    Case(operator.add,                                        [(N, 1, W), (H, W)],   (N, H, W)),
    Case(operator.sub,                                        [(W,), (N, H, W)],     (N, H, W)),
    Case(operator.mul,                                        [(N, H), ()],          (N, H)),
    Case(operator.truediv,                                    [(N, H), (N, 1)],      (N, H)),
    Case(operator.neg,                                        (N, H),                (N, H)),
    Case(operator.pos,                                        (N, H),                (N, H)),
    Case(operator.invert,                                     (N, H, "bool"),        (N, H)),
    Case(torch.bitwise_not,                                   (N, H, "int64"),       (N, H)),
    Case(lambda x: 2 + x * 3 - x / 4 - x // 2 + x % 2,        (N, H),                (N, H)),
    Case(lambda x: 2 - (3 / x) + 2 // x + 2 % x + 2**x,       (N, H),                (N, H)),
    Case(lambda x: abs(x) ** x.shape[0],                      (N, H),                (N, H)),
    Case(added_in_place,                                      [(N, H), (H,)],        (N, H)),
    Case(lambda x, y: torch.add(x, y, alpha=2),               [(N, H), (N, 1)],      (N, H)),
    Case(lambda x, y: x.add(other=y),                         [(N, H), (H,)],        (N, H)),
    Case(lambda x: torch.div(x, 1, rounding_mode="floor"),    (N, H, "int64"),       (N, H)),
    Case(lambda x, y: x.clamp(max=y),                  [(N, H), (H,)],        (N, H)),
    Case(lambda x, y: torch.lerp(x, y, 0.5),                  [(N, H), (H,)],        (N, H)),
    Case(torch.addcmul,                                       [(N, H), (H,), (N, 1)], (N, H)),
    Case(lambda x, y: torch.addcdiv(x, y, y, value=2),        [(N, 1), (H,)],        (N, H)),
    Case(lambda x, m: x.masked_fill(m, 0.0),                  [(N, H), (N, 1, "bool")], (N, H)),
    Case(lambda x, m, y: x.masked_fill(m, y),                 [(N, H), (N, 1, "bool"), ()], (N, H)),
    Case(lambda x, m: x.masked_fill_(m, -1e9),                [(N, H), (H, "bool")], (N, H)),
    Case(lambda c, x, y: torch.where(c, x, y),                [(N, 1, "bool"), (H,), ()], (N, H)),
    Case(lambda c, x: torch.where(c, x, 0.0),                 [(N, 1, "bool"), (H,)], (N, H)),
    Case(lambda c, x: x.where(c, -x),                         [(N, 1, "bool"), (H,)], (N, H)),
    Case(lambda x: torch.frexp(x),                            (N, H),                [(N, H), (N, H)]),
    Case(lambda x: x.real,                                    (N, H, "complex64"),   (N, H)),
    Case(lambda x: x.imag,                                    (N, H, "complex64"),   (N, H)),
    Case(lambda x: torch.imag(x),                             (N, H, "complex64"),   (N, H)),
    Case(lambda x: torch.fake_quantize_per_tensor_affine(x, 0.1, 0, 0, 255), (N, H), (N, H)),
    Case(lambda x, s, z: torch.fake_quantize_per_channel_affine(x, s, z, 0, 0, 255),
                                                              [(3, H), (3,), (3, "int32")], (3, H), unseen="the scale has to be float32"),
    Case(lambda x: x * (x.shape[1] * 1.0),                    (N, H, "int64"), (N, H)),
    Case(lambda x: x * (x.shape[1] / 2),                      (N, H, "int64"), (N, H)),
    Case(lambda x: x.sum() // (x.shape[0] * 2.0),             (N, "int64"), ()),
]  # fmt: skip

REJECTS = [
    Rejects(operator.add,                                 [(3, 4), (3, 5)]),
    Rejects(operator.mul,                                 [(3, 4), (2, 3, 5)]),
    Rejects(lambda x, y: x.add_(y),                       [(4,), (3, 4)]),
    Rejects(torch.where,                                  [(3, "bool"), (4,), (3,)]),
    Rejects(torch.addcmul,                                [(3,), (4,), (1,)]),
    Rejects(lambda x, m: x.masked_fill(m, 0.0),           [(3, 4), (3, "bool")]),
    Rejects(torch.maximum,                                [(3, 4), (4, 3)]),
]  # fmt: skip
