"""Function transforms: `vmap`, `grad`, `jvp` and their like, which wrap tensors out of sight.

torch hands a function wrapped tensors that stand for one element of a batch, or remember their
derivative. A symbolic tensor needs no wrapper: it has the shape that the wrapped one would have.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch._functorch import apis, eager_transforms, vmap
from torch.overrides import handle_torch_function

from shapecalc.dims import Shape
from shapecalc.trace.symbolic_tensor import SymbolicTensor, is_symbolic

_GRAD: Any = torch.autograd.grad
_ADD: Any = torch._C._functorch._add_batch_dim
_REMOVE: Any = torch._C._functorch._remove_batch_dim


@contextlib.contextmanager
def unwrapped() -> Iterator[None]:
    """Let the tracer see the calls that a transformed function makes."""
    mapping: Any = apis  # the stubs know nothing of what torch keeps to itself
    transforms: Any = eager_transforms
    places: list[tuple[Any, str, Callable[..., Any]]] = [
        (mapping, "vmap_impl", _vmap(mapping.vmap_impl)),
        (vmap, "_remove_batch_dim", _batched),
        (transforms, "_wrap_all_tensors", _as_it_is),
        (transforms, "_create_differentiable", _as_it_is),
        (transforms, "_undo_create_differentiable", _as_it_is),
        (transforms, "_autograd_grad", _gradients),
        # what torch wraps within a level of its own may not leave it
        *((transforms, f"_{kind}_increment_nesting", lambda: 0) for kind in ("grad", "jvp")),
        *((transforms, f"_{kind}_decrement_nesting", lambda: 0) for kind in ("grad", "jvp")),
    ]
    kept = [getattr(module, name) for module, name, _ in places]
    for module, name, ours in places:
        setattr(module, name, ours)
    try:
        yield
    finally:
        for (module, name, _), original in zip(places, kept, strict=True):
            setattr(module, name, original)


def _vmap(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return a `vmap` that calls its function once, for an element of the batch like any other."""

    def mapped(
        func: Any,
        in_dims: Any,
        out_dims: Any,
        randomness: Any,
        chunk_size: Any,
        *args: Any,
        **kw: Any,
    ) -> Any:
        closed_over = [cell.cell_contents for cell in getattr(func, "__closure__", None) or ()]
        if not any(map(is_symbolic, (args, kw, closed_over))):
            return original(func, in_dims, out_dims, randomness, chunk_size, *args, **kw)
        size, axes, given, structure = vmap._process_batched_inputs(in_dims, args, func)
        each = [
            x if axis is None else _called(_ADD, _symbolic(x), axis, 0)
            for x, axis in zip(given, axes, strict=True)
        ]
        outputs = func(*torch.utils._pytree.tree_unflatten(each, structure), **kw)
        return vmap._unwrap_batched(outputs, out_dims, 0, size, func)

    return mapped


def _batched(output: torch.Tensor, level: int, size: Any, axis: int) -> Any:
    if level:  # torch's own, of constants
        return _REMOVE(output, level, size, axis)
    return _called(_REMOVE, _symbolic(output), level, size, axis)


def _as_it_is(value: Any, level: int | None = None) -> Any:
    return value


def _gradients(outputs: Any, inputs: Any, grad_outputs: Any = None, **options: Any) -> Any:
    wanted = tuple(map(_symbolic, inputs))
    options["grad_outputs"] = grad_outputs
    return handle_torch_function(_GRAD, wanted, outputs, wanted, **options)


def _called(func: Any, x: torch.Tensor, *args: Any) -> Any:
    return handle_torch_function(func, (x,), x, *args)


def _symbolic(x: Any) -> Any:
    """Return a constant as a tensor of sizes alone, too."""
    if isinstance(x, SymbolicTensor):
        return x
    return SymbolicTensor.make(Shape(x.shape), x.dtype, x.device)
