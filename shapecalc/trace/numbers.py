"""Numbers in Python's hands that come out of tensors: `x.item()`, `x.tolist()`, `if x:`.

What a shape does not tell, data decide. A whole number becomes a size of its own; a fraction or
a truth stays a tensor without axes, whose arithmetic in Python is followed but is no call of
torch; where Python needs a number or a truth itself, it is told one (see `data_choices`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from shapecalc import dims
from shapecalc.dims import Shape
from shapecalc.errors import DataDependentError
from shapecalc.trace import held
from shapecalc.trace.symbolic_tensor import SymbolicTensor, tensors_in

if TYPE_CHECKING:
    from shapecalc.trace.tracer import Tracer

_MOST = 256  # elements of a tensor that is turned into a list
_FRACTIONS = 0.5, 2.0  # what Python is told where it needs a float


def item(tracer: Tracer, x: SymbolicTensor) -> Any:
    """Return the one number in a tensor."""
    known = known_value(tracer, x)
    if known is not None:
        return known
    if _is_whole(x):
        if x.first_ is None:
            x.first_ = tracer.path.fresh_size(".item()")
        return tracer.symint(x.first_)
    if x.shape_:
        tracer.path.pin(dims.product(x.shape_))
    return as_number(x)


def as_sizes(tracer: Tracer, given: Any) -> Any:
    """Return arguments with a size in the place of every tensor that holds one whole number."""
    if isinstance(given, torch.Tensor) and holds_size(given):
        if isinstance(given, SymbolicTensor):
            return item(tracer, given)
        with torch._C.DisableTorchFunction():
            if given.device.type == "meta":
                raise held.without_values()
            return int(given)
    if isinstance(given, slice):
        return slice(*(as_sizes(tracer, end) for end in (given.start, given.stop, given.step)))
    if isinstance(given, dict):
        return {name: as_sizes(tracer, value) for name, value in given.items()}
    if type(given) in (tuple, list):
        return type(given)(as_sizes(tracer, value) for value in given)
    return given


def holds_size(given: Any) -> bool:
    """Tell whether a tensor that holds one whole number is among arguments."""
    if isinstance(given, slice):
        return any(map(holds_size, (given.start, given.stop, given.step)))
    if isinstance(given, dict):
        return any(map(holds_size, given.values()))
    if isinstance(given, (tuple, list)):
        return any(map(holds_size, given))
    if not isinstance(given, torch.Tensor):
        return False
    shape = given.shape_ if isinstance(given, SymbolicTensor) else _shape(given)
    return not shape and _is_whole(given)


def as_number(x: SymbolicTensor) -> SymbolicTensor:
    """Return what stands for the Python number in a tensor of fractions or truths."""
    number = SymbolicTensor.make(Shape(), x.dtype_, x.device_, x.source)
    number.is_number = True
    return number


def truth(tracer: Tracer, x: SymbolicTensor) -> bool:
    """Answer `if x:`."""
    known = known_value(tracer, x, number=False)
    if known is not None:
        return bool(known)
    return bool(tracer.path.ask(f"whether {_said(x)} is true", (False, True)))


def fraction(tracer: Tracer, x: SymbolicTensor) -> float:
    """Answer `float(x)`."""
    if x.dtype_.is_complex:
        refuse(tracer, x)
    known = known_value(tracer, x)
    if known is not None:
        return float(known)
    if _is_whole(x):
        return float(item(tracer, x))
    return float(tracer.path.ask(f"what {_said(x)} holds", _FRACTIONS, complete=False))


def contains(tracer: Tracer, x: SymbolicTensor, element: Any) -> bool:
    """Answer `element in x`."""
    with tracer:
        return bool((x == element).any())


def equal(
    tracer: Tracer, x: SymbolicTensor, other: torch.Tensor, *args: Any, **kwargs: Any
) -> bool:
    """Answer whether two tensors are equal, or close to it."""
    return bool(tracer.path.ask("whether two tensors are equal", (False, True)))


def as_list(tracer: Tracer, x: SymbolicTensor) -> Any:
    """Return the numbers in a tensor, nested as its axes are."""
    if not x.shape_:
        return item(tracer, x)
    found = held.values(tracer.path, x)
    if found is not None:
        return found.tolist()
    count = tracer.path.pin(x.shape_[0])
    if count > _MOST:
        return refuse(tracer, x)
    rows = [_row(x, n) for n in range(count)]
    return [as_list(tracer, row) for row in rows]


def _row(x: SymbolicTensor, number: int) -> SymbolicTensor:
    row = SymbolicTensor.make(Shape(x.shape_[1:]), x.dtype_, x.device_, x.source)
    row.first_ = x.first_ if number == 0 else None
    row.range_ = x.range_ if x.range_ and x.range_[0] == x.range_[1] else None
    return row


def refuse(tracer: Tracer, x: SymbolicTensor, *args: Any, **kwargs: Any) -> Any:
    """Refuse to hand out values, to code that no answer can be given to.

    Raises:
        DataDependentError: always.
    """
    what = f"the values of a tensor of shape {x.shape_}" if x.shape_ else "the value of a tensor"
    raise DataDependentError(
        f"the model's code asks for {what}, which depends on the data and on no shape: "
        "the trace ends here"
    )


def as_array(tracer: Tracer, x: SymbolicTensor, *args: Any, **kwargs: Any) -> Any:
    """Return the values of a tensor for NumPy."""
    found = held.values(tracer.path, x)
    return refuse(tracer, x) if found is None else found.numpy()


def known_value(tracer: Tracer, x: SymbolicTensor, *, number: bool = True) -> Any:
    """Return the value that all elements of a tensor have, where no data are needed for it."""
    if x.range_ is not None and x.range_[0] == x.range_[1]:
        value = x.range_[0]
        if x.dtype_ is torch.bool:
            return bool(value)
        return tracer.symint(value) if _is_whole(x) else float(value)
    found = held.values(tracer.path, x, number=number)
    return found.item() if found is not None and found.numel() == 1 else None


def in_python(func: Callable[..., Any], args: Any, kwargs: Any) -> SymbolicTensor | None:
    """Return the number that Python computes of numbers; None for a call on tensors."""
    name = str(getattr(func, "__name__", "")).strip("_")
    if name not in _ARITHMETIC and name not in _COMPARISONS:
        return None
    tensors = list(tensors_in((args, kwargs)))
    if not tensors or not all(getattr(tensor, "is_number", False) for tensor in tensors):
        return None
    first: Any = tensors[0]
    made = SymbolicTensor.make(Shape(), first.dtype_, first.device_, None)
    made.is_number = True
    if name in _COMPARISONS:
        made.dtype_ = torch.bool
    elif first.dtype_ is torch.bool:
        made.dtype_ = torch.float32
    return made


_ARITHMETIC = {
    "add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "div", "floordiv",
    "rfloordiv", "mod", "rmod", "remainder", "pow", "rpow", "neg", "abs", "round", "pos",
}  # fmt: skip
_COMPARISONS = {"eq", "ne", "lt", "le", "gt", "ge"}


def _is_whole(x: torch.Tensor) -> bool:
    dtype = x.dtype_ if isinstance(x, SymbolicTensor) else x.dtype
    return not (dtype is torch.bool or dtype.is_floating_point or dtype.is_complex)


def _shape(x: torch.Tensor) -> torch.Size:
    with torch._C.DisableTorchFunction():  # a question of ours, not of the model
        return x.shape


def _said(x: SymbolicTensor) -> str:
    return "a tensor" if not x.shape_ else f"a tensor of shape {x.shape_}"
