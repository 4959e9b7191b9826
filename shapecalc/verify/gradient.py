"""How strongly an output depends on each input element: the gradient of a real run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from shapecalc import dims
from shapecalc.errors import InputError
from shapecalc.graph import LayerGraph, OutputRef
from shapecalc.inputs import Pattern, Patterns, fill
from shapecalc.trace.function_names import function_name
from shapecalc.trace.queries import QUERIES
from shapecalc.trace.restore import left_as_it_was
from shapecalc.trace.run import is_lazy
from shapecalc.trace.symbolic_tensor import DTYPES
from shapecalc.verify.double import double_by_default, in_double, initialized, plain_kernels
from shapecalc.verify.observe import buffers_kept, is_out_of_memory, too_large

_CONSTANT = 1e-6  # of the gradient of one channel: a sum of channels with less does not vary


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What is differentiated with respect to what.

    `name` is that of the op or module, `source` its output in `graph`. `element` gives an index
    for axes of that output; over the others, which are channels, the elements are added up.
    """

    graph: LayerGraph
    name: str
    source: OutputRef
    element: Mapping[int, int]
    input: str


@dataclass(frozen=True, slots=True)
class Gradient:
    """The mean over several random inputs of |gradient|, with the shape of the input.

    `signed` says that the channels were added with random signs: a plain sum over the outputs of
    a softmax, or of a norm over channels, is constant, and has no gradient at all.
    """

    magnitude: torch.Tensor
    signed: bool = False


def gradient(
    model: nn.Module, patterns: Patterns, probe: Probe, sizes: Mapping[str, int], images: int
) -> Gradient:
    """Differentiate an output element at `sizes`, in evaluation mode. The model is left as it was.

    A copy runs in float64: its convolutions use none of the fast algorithms that spread rounding
    errors beyond the receptive field. A model that cannot be copied, or takes no float64, runs
    as it is.

    Raises:
        InputError: the model cannot be run at these sizes, or the output has no gradient.
    """
    random = torch.Generator().manual_seed(0)
    if is_lazy(model):
        model = initialized(model, patterns, sizes)
    exact = in_double(model)
    if exact is not None:
        try:
            with double_by_default():
                return _mean(_Run(exact, patterns, probe, sizes, torch.float64), images, random)
        except _RaisedError:
            random.manual_seed(0)
    try:
        with plain_kernels(), buffers_kept(model):
            return _mean(_Run(model, patterns, probe, sizes, None), images, random)
    except _RaisedError as raised:
        if raised.__cause__ is not None and is_out_of_memory(raised.__cause__):
            raise too_large(sizes) from raised.__cause__
        at = ", ".join(f"{name}={size}" for name, size in sizes.items())
        cause = raised.__cause__
        why = f"{type(cause).__name__}: {cause}".split("\n")[0]
        raise InputError(f"the model cannot be run at {at}: {why}") from cause


class _RaisedError(Exception):
    """The model's own code raised, which is the cause."""


class _Arrived(BaseException):  # no Exception, which the model's own code may catch
    """The run has come as far as it has to."""


def _mean(run: _Run, images: int, random: torch.Generator) -> Gradient:
    total: torch.Tensor | None = None
    signed = False
    for number in range(images):
        x, channels = run.forward(random)
        weights = torch.ones_like(channels)
        if number == 0:
            signed = _is_constant(channels, x)
        if signed:
            signs = torch.randint(0, 2, channels.shape, generator=random)
            weights = (2 * signs - 1).to(channels)
        found = _differentiate((weights * channels).sum(), x).abs()
        total = found if total is None else total + found
    assert total is not None, "one image at least"
    return Gradient(total.double() / images, signed)


def _is_constant(channels: torch.Tensor, x: torch.Tensor) -> bool:
    """Tell whether the sum of the channels is constant although a channel is not."""
    if channels.numel() < 2:
        return False
    one = _differentiate(channels[0], x, again=True).abs().max()
    return bool(_differentiate(channels.sum(), x, again=True).abs().max() < _CONSTANT * one)


def _differentiate(y: torch.Tensor, x: torch.Tensor, *, again: bool = False) -> torch.Tensor:
    try:
        (found,) = torch.autograd.grad(y, x, retain_graph=again, allow_unused=True)
    except (RuntimeError, NotImplementedError) as error:  # an op that has no derivative, for one
        raise _RaisedError from error
    return torch.zeros_like(x) if found is None else found


class _Run:
    """Forward passes on random inputs, each up to the tensor that is asked for."""

    def __init__(
        self,
        model: nn.Module,
        patterns: Patterns,
        probe: Probe,
        sizes: Mapping[str, int],
        dtype: torch.dtype | None,
    ) -> None:
        self._model = model
        self._patterns = patterns
        self._probe = probe
        self._sizes = sizes
        self._dtype = dtype
        self._device = next((p.device for p in model.parameters()), torch.device("cpu"))

    def forward(self, random: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """Return an input that asks for a gradient, and the channels of the output element."""
        taken: list[torch.Tensor] = []

        def take(tensor: Any) -> None:
            # at once, since the next op may change the tensor in place
            taken[:] = [self._channels(tensor)]

        made: list[torch.Tensor] = []

        def tensor(pattern: Pattern) -> torch.Tensor:
            value = self._random(pattern, random)
            if pattern.name == self._probe.input:
                made.append(value.requires_grad_())
                return value.view_as(value)  # not a leaf, so that it may be changed in place
            return value

        with left_as_it_was(self._model, train=False), torch.enable_grad():
            for watching in self._ways(take):
                taken.clear()
                made.clear()
                try:
                    args, kwargs = fill(self._patterns, tensor)
                    with watching:
                        self._model(*args, **kwargs)
                except _Arrived:
                    pass
                except InputError:
                    raise
                except (Exception, SystemExit) as error:
                    raise _RaisedError from error
                if taken:
                    break
        name = self._probe.name
        if not taken:
            raise InputError(f"a real run of the model does not come to {name} as its trace does")
        if not taken[0].requires_grad:
            raise InputError(f"the output of {name} has no gradient with respect to the input")
        return made[0], taken[0]

    def _random(self, pattern: Pattern, random: torch.Generator) -> torch.Tensor:
        shape = [dims.evaluate(dim, self._sizes) for dim in pattern.shape]
        dtype = DTYPES[pattern.dtype]
        if not dtype.is_floating_point:
            if pattern.name == self._probe.input:
                raise InputError(
                    f"the input {pattern.name} is of type {pattern.dtype}: there is no gradient "
                    "with respect to whole numbers"
                )
            return torch.randint(0, 2, shape, generator=random).to(self._device).to(dtype)
        made = torch.randn(shape, generator=random, dtype=torch.float64)
        return made.to(device=self._device, dtype=self._dtype or dtype)

    def _channels(self, tensor: Any) -> torch.Tensor:
        if not isinstance(tensor, torch.Tensor) or not tensor.dtype.is_floating_point:
            raise InputError(f"the output of {self._probe.name} is not differentiable")
        for axis, index in sorted(self._probe.element.items(), reverse=True):
            tensor = tensor.select(axis, index)
        channels: torch.Tensor = tensor.flatten()
        return channels

    def _ways(
        self, take: Callable[[Any], None]
    ) -> Iterator[contextlib.AbstractContextManager[object]]:
        """Yield ways to get at the tensor: by the number of its torch call, then by its module."""
        events, source = self._probe.graph.events, self._probe.source
        numbers = [n for n, (_, layer) in enumerate(events) if layer == source.layer]
        if numbers:
            names = [name for name, _ in events[: numbers[0] + 1]]
            yield _Watcher(names, source.output, take)
        module = dict(self._model.named_modules()).get(self._probe.name)
        if module is not None:
            yield _hooked(module, source.output, take)


class _Watcher(TorchFunctionMode):
    """Follows the torch calls of a trace, and takes an output of the last of them."""

    def __init__(self, names: list[str], output: int, take: Callable[[Any], None]) -> None:
        super().__init__()
        self._names = iter(names)
        self._left = len(names)
        self._output = output
        self._take = take

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run a call; stop at the last one, and at one that the trace does not have."""
        if func is torch.Tensor.__iter__:  # one call of unbind, as in a trace
            with self:
                return iter(args[0].unbind(0))
        result = func(*args, **(kwargs or {}))
        if func in QUERIES:
            return result
        if function_name(func) != next(self._names, None):
            raise _Arrived
        self._left -= 1
        if not self._left:
            _take_one(args[0] if result is None else result, self._output, self._take)
            raise _Arrived
        return result


@contextlib.contextmanager
def _hooked(module: nn.Module, output: int, take: Callable[[Any], None]) -> Iterator[None]:
    """Take an output of every call of a module, so that the last one counts."""

    def hook(module: nn.Module, args: Any, result: Any) -> None:
        _take_one(result, output, take)

    handle = module.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def _take_one(result: Any, output: int, take: Callable[[Any], None]) -> None:
    tensors = [leaf for leaf in pytree.tree_leaves(result) if isinstance(leaf, torch.Tensor)]
    if output < len(tensors):
        take(tensors[output])
