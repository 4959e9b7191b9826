"""Questions that a model asks of a tensor without computing: its shape, type, device, value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch

from shapecalc import dims
from shapecalc.trace import numbers
from shapecalc.trace.symbolic_tensor import SymbolicTensor

if TYPE_CHECKING:
    from shapecalc.trace.tracer import Tracer

Query = Callable[..., Any]
QUERIES: dict[Callable[..., Any], Query] = {}

T = torch.Tensor


def answers(*functions: Callable[..., Any]) -> Callable[[Query], Query]:
    """Register the answer to a question; NotImplemented passes a plain tensor's on to torch."""

    def register(query: Query) -> Query:
        def only_symbolic(tracer: Tracer, x: Any, *args: Any, **kwargs: Any) -> Any:
            if not isinstance(x, SymbolicTensor):
                return NotImplemented
            return query(tracer, x, *args, **kwargs)

        for function in functions:
            QUERIES[function] = only_symbolic
        return query

    return register


def _getter(name: str) -> Callable[..., Any]:
    getter: Callable[..., Any] = getattr(T, name).__get__
    return getter


@answers(_getter("shape"))
def _shape(tracer: Tracer, x: SymbolicTensor) -> torch.Size:
    return torch.Size([tracer.symint(dim) for dim in x.shape_])  # type: ignore[misc]


@answers(T.size)
def _size(tracer: Tracer, x: SymbolicTensor, dim: int | None = None) -> Any:
    if dim is None:
        return _shape(tracer, x)
    return tracer.symint(x.shape_[_axis(x, dim)])


def _axis(x: SymbolicTensor, dim: int) -> int:
    rank = len(x.shape_)
    if not -rank <= dim < rank:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-rank}, {rank - 1}], "
            f"but got {dim})"
        )
    return int(dim)


@answers(T.dim, T.ndimension, _getter("ndim"))
def _dim(tracer: Tracer, x: SymbolicTensor) -> int:
    return len(x.shape_)


@answers(T.numel, T.nelement, torch.numel)
def _numel(tracer: Tracer, x: SymbolicTensor) -> Any:
    return tracer.symint(dims.product(x.shape_))


@answers(T.__len__)
def _len(tracer: Tracer, x: SymbolicTensor) -> int:
    if not x.shape_:
        raise TypeError("len() of a 0-d tensor")
    return int(tracer.symint(x.shape_[0]))


@answers(T.stride)
def _stride(tracer: Tracer, x: SymbolicTensor, dim: int | None = None) -> Any:
    strides = [tracer.symint(dims.product(x.shape_[n + 1 :])) for n in range(len(x.shape_))]
    return tuple(strides) if dim is None else strides[dim]


@answers(_getter("dtype"))
def _dtype(tracer: Tracer, x: SymbolicTensor) -> torch.dtype:
    return x.dtype_


@answers(_getter("device"))
def _device(tracer: Tracer, x: SymbolicTensor) -> torch.device:
    return x.device_


@answers(_getter("layout"))
def _layout(tracer: Tracer, x: SymbolicTensor) -> torch.layout:
    return torch.strided


@answers(T.is_floating_point, torch.is_floating_point)
def _is_floating_point(tracer: Tracer, x: SymbolicTensor) -> bool:
    return x.dtype_.is_floating_point


@answers(T.is_complex, torch.is_complex)
def _is_complex(tracer: Tracer, x: SymbolicTensor) -> bool:
    return x.dtype_.is_complex


@answers(T.is_signed, torch.is_signed)
def _is_signed(tracer: Tracer, x: SymbolicTensor) -> bool:
    return x.dtype_.is_signed


@answers(T.element_size)
def _element_size(tracer: Tracer, x: SymbolicTensor) -> int:
    return x.dtype_.itemsize


@answers(_getter("itemsize"))
def _itemsize(tracer: Tracer, x: SymbolicTensor) -> int:
    return x.dtype_.itemsize


@answers(T.get_device)
def _get_device(tracer: Tracer, x: SymbolicTensor) -> int:
    return -1


@answers(T.type)
def _type(tracer: Tracer, x: SymbolicTensor, dtype: Any = None, *_: Any, **__: Any) -> Any:
    if dtype is None:
        return torch.empty(0, dtype=x.dtype_).type()
    with tracer:
        return x.to(dtype if isinstance(dtype, torch.dtype) else torch.empty(0).type(dtype).dtype)


_ALWAYS: dict[str, Any] = {
    "is_cuda": False, "is_cpu": True, "is_meta": False, "is_mps": False, "is_xpu": False,
    "is_xla": False, "is_vulkan": False, "is_ipu": False, "is_mkldnn": False, "is_maia": False,
    "is_sparse": False, "is_sparse_csr": False, "is_quantized": False, "is_nested": False,
    "is_leaf": False, "requires_grad": False, "grad": None, "grad_fn": None, "names": None,
    "_backward_hooks": None, "_base": None, "output_nr": 0, "retains_grad": False,
}  # fmt: skip


def _constant(value: Any) -> Query:
    return lambda tracer, x: value


for _attribute, _value in _ALWAYS.items():
    if hasattr(T, _attribute) and hasattr(getattr(T, _attribute), "__get__"):
        answers(_getter(_attribute))(_constant(_value))


def _fixed(value: Any) -> Query:
    return lambda tracer, x, *args, **kwargs: value


answers(T.is_contiguous, T.is_pinned, T.is_coalesced)(_fixed(True))
answers(T.is_shared, T.is_inference, torch.is_inference, T.is_conj, torch.is_conj)(_fixed(False))
answers(T.is_neg, torch.is_neg)(_fixed(False))
# a transformer asks whether a mask lets it take nested tensors, which come out padded again
answers(torch._nested_tensor_from_mask_left_aligned)(_fixed(False))
answers(T.register_hook, T.retain_grad)(_fixed(None))


@answers(T.requires_grad_)
def _requires_grad_(
    tracer: Tracer, x: SymbolicTensor, requires_grad: bool = True
) -> SymbolicTensor:
    return x


@answers(T.__hash__)
def _hash(tracer: Tracer, x: SymbolicTensor) -> int:
    return id(x)


@answers(T.__repr__, T.__format__)
def _repr(tracer: Tracer, x: SymbolicTensor, *args: Any, **kwargs: Any) -> str:
    return f"SymbolicTensor{x.shape_}"


@answers(T.__deepcopy__)
def _deepcopy(tracer: Tracer, x: SymbolicTensor, memo: Any) -> SymbolicTensor:
    return SymbolicTensor.make(x.shape_, x.dtype_, x.device_, x.source)


@answers(T.__reduce_ex__)
def _reduce(tracer: Tracer, x: SymbolicTensor, protocol: int) -> Any:
    return SymbolicTensor.make, (x.shape_, x.dtype_, x.device_, x.source)


@answers(T.__iter__)
def _iter(tracer: Tracer, x: SymbolicTensor) -> Iterator[Any]:
    with tracer:
        return iter(x.unbind(0))


# values: what Python asks for, no shape determines


answers(T.item)(numbers.item)
answers(T.__bool__)(numbers.truth)
answers(T.__float__)(numbers.fraction)
answers(T.tolist)(numbers.as_list)
answers(T.__contains__)(numbers.contains)
answers(T.equal, torch.equal, T.allclose, torch.allclose)(numbers.equal)
answers(T.numpy, T.__array__)(numbers.as_array)
answers(T.__complex__)(numbers.refuse)


@answers(T.__int__, T.__index__)
def _int(tracer: Tracer, x: SymbolicTensor) -> int:
    number = numbers.item(tracer, x)
    if isinstance(number, SymbolicTensor):  # a fraction, cut off
        return int(tracer.symint(tracer.path.fresh_size("int()")))
    return int(number)


@answers(T.is_same_size)
def _is_same_size(tracer: Tracer, x: SymbolicTensor, other: T) -> bool:
    with tracer:
        return bool(x.shape == other.shape)


@answers(T._is_all_true)
def _is_all_true(tracer: Tracer, x: SymbolicTensor) -> T:
    """What `torch._check_tensor_all` asks: as with `torch._assert`, no shape depends on it."""
    return torch.tensor(True)


# functions on sizes, and checks: plain Python, to which symbolic numbers are numbers


def _as_python(function: Callable[..., Any]) -> Query:
    return lambda tracer, *args, **kwargs: function(*args, **kwargs)


for _sym in ("sym_int", "sym_float", "sym_max", "sym_min", "sym_not", "sym_sqrt", "sym_sum"):
    if hasattr(torch, _sym):
        QUERIES[getattr(torch, _sym)] = _as_python(getattr(torch, _sym))


def _assert(tracer: Tracer, condition: Any, message: str = "") -> Any:
    if isinstance(condition, SymbolicTensor):
        return None  # an assertion on values: shapes do not depend on it
    if not condition:
        raise AssertionError(message)
    return None


QUERIES[torch._assert] = _assert


def _is_tensor(tracer: Tracer, x: Any) -> bool:
    return isinstance(x, torch.Tensor)


QUERIES[torch.is_tensor] = _is_tensor


def _set_data(tracer: Tracer, x: Any, data: Any) -> Any:
    """Give a lazy parameter the sizes that its input has at the hint: a weight is of numbers."""
    if not torch.nn.parameter.is_lazy(x) or not isinstance(data, SymbolicTensor):
        return NotImplemented
    sizes = [int(tracer.symint(dim)) for dim in data.shape_]
    x.data = torch.empty(sizes, dtype=data.dtype_, device=x.device)
    return None


QUERIES[T.data.__set__] = _set_data  # type: ignore[attr-defined]
