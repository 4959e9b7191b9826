"""What goes into a layer and comes out of it, in a real forward pass.

A layer that is a module is met by hooks; a call of a function by its place among all calls.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from shapecalc import dims
from shapecalc.errors import InputError
from shapecalc.explain.functions import stand_in
from shapecalc.graph import Layer, LayerGraph
from shapecalc.inputs import Pattern, fill
from shapecalc.trace.function_names import function_name
from shapecalc.trace.queries import QUERIES
from shapecalc.trace.restore import left_as_it_was
from shapecalc.trace.symbolic_tensor import DTYPES
from shapecalc.verify.compare import real_model
from shapecalc.verify.observe import buffers_kept, is_out_of_memory, too_large

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis

_DIGITS = 10  # random numbers of an input are 0 to 9, which are easy to follow


class _Arrived(BaseException):  # no Exception, which the model's own code may catch
    """The run has come as far as it has to."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A module after its call, its mode then, and the first tensor that it took and gave.

    For a call of a function it is none of the model's `own`, but one that does the same; None
    where there is none.
    """

    module: nn.Module | None
    training: bool
    x: torch.Tensor
    y: torch.Tensor
    own: bool = True


def passed(
    analysis: Analysis,
    name: str,
    call: int,
    sizes: Mapping[str, int],
    given: Mapping[str, torch.Tensor],
    seed: int,
) -> Passed:
    """Run the model up to the `call`-th call of a module.

    Inputs of the model are `given` by name, or random from `seed`. The model is left as it was.

    Raises:
        InputError: the model cannot be run there, or the module takes or gives no tensor.
    """
    model = real_model(analysis, sizes, "cpu")
    module = dict(model.named_modules(remove_duplicate=False)).get(name)
    if module is None:
        raise InputError(f"{name!r} is no module of the model that runs")
    calls = [0]
    taken: list[torch.Tensor] = []
    training = [False]

    def before(module: nn.Module, args: Any, kwargs: Any) -> None:
        calls[0] += 1
        if calls[0] == call:
            taken[:] = [_first((args, kwargs), f"{name} takes")]
            training[0] = module.training

    def after(module: nn.Module, args: Any, result: Any) -> None:
        if calls[0] == call:
            taken.append(_first(result, f"{name} returns"))
            raise _Arrived

    @contextlib.contextmanager
    def hooked() -> Iterator[None]:
        module.register_forward_pre_hook(before, with_kwargs=True)
        module.register_forward_hook(after)
        yield

    _run(analysis, model, sizes, given, seed, hooked())
    if len(taken) != 2:
        raise InputError(f"a real run of the model does not come to {name} as its trace does")
    x, y = taken
    return Passed(module, training[0], x, y)


def called(
    analysis: Analysis,
    graph: LayerGraph,
    record: Layer,
    sizes: Mapping[str, int],
    given: Mapping[str, torch.Tensor],
    seed: int,
) -> Passed:
    """Run the model up to a call of a function, which is a layer of its graph.

    Raises:
        InputError: the model cannot be run there, or calls other functions than its trace.
    """
    numbers = [n for n, (_, layer) in enumerate(graph.events) if layer == record.index]
    names = [name for name, _ in graph.events[: numbers[0] + 1]] if numbers else []
    watcher = _Watcher(names, record.function)
    _run(analysis, real_model(analysis, sizes, "cpu"), sizes, given, seed, watcher)
    if watcher.found is None:
        raise InputError(
            f"a real run of the model does not come to {record.name} as its trace does"
        )
    return watcher.found


class _Watcher(TorchFunctionMode):
    """Follows the torch calls of a trace, and takes what the last of them is given and gives."""

    def __init__(self, names: list[str], function: str) -> None:
        super().__init__()
        self._names = names
        self._function = function
        self._number = 0
        self.found: Passed | None = None

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run a call; stop at the last one, and at one that the trace does not have."""
        kwargs = dict(kwargs or {})
        if func is torch.Tensor.__iter__:  # one call of unbind, as in a trace
            with self:
                return iter(args[0].unbind(0))
        if func in QUERIES:
            return func(*args, **kwargs)
        name = function_name(func)
        if self._number >= len(self._names) or name != self._names[self._number]:
            raise _Arrived
        self._number += 1
        if self._number < len(self._names):
            return func(*args, **kwargs)
        x = _first((args, kwargs), f"{name} takes")
        y = _first(func(*args, **kwargs), f"{name} returns")
        rest = args[1:] if args else ()
        named = {key: value for key, value in kwargs.items() if args or key != "input"}
        self.found = Passed(stand_in(self._function, rest, named), False, x, y, own=False)
        raise _Arrived


def _run(
    analysis: Analysis,
    model: nn.Module,
    sizes: Mapping[str, int],
    given: Mapping[str, torch.Tensor],
    seed: int,
    watching: contextlib.AbstractContextManager[object],
) -> None:
    """Run the model, as far as what is watching it lets it. The model is left as it was."""
    random = torch.Generator().manual_seed(seed)

    def tensor(pattern: Pattern) -> torch.Tensor:
        return _input(pattern, sizes, given, random)

    with left_as_it_was(model, train=analysis.train), torch.no_grad(), buffers_kept(model):
        torch.manual_seed(seed)  # for dropout
        try:
            args, kwargs = fill(analysis.patterns, tensor)
            with watching:
                model(*args, **kwargs)
        except _Arrived:
            pass
        except InputError:
            raise
        except (Exception, SystemExit) as error:
            if is_out_of_memory(error):
                raise too_large(sizes) from error
            at = ", ".join(f"{name}={size}" for name, size in sizes.items())
            why = f"{type(error).__name__}: {error}".split("\n")[0]
            raise InputError(f"the model cannot be run at {at}: {why}") from error


def _first(values: Any, what: str) -> torch.Tensor:
    """Return the first tensor of a nested value, before anything changes it in place."""
    for leaf in pytree.tree_leaves(values):
        if isinstance(leaf, torch.Tensor):
            if leaf.is_complex():
                raise InputError(f"{what} complex numbers, which are not explained")
            return leaf.detach().clone()
    raise InputError(f"{what} no tensor")


def _input(
    pattern: Pattern,
    sizes: Mapping[str, int],
    given: Mapping[str, torch.Tensor],
    random: torch.Generator,
) -> torch.Tensor:
    dtype = DTYPES[pattern.dtype]
    values = given.get(pattern.name)
    if values is not None:
        found = values.to(dtype)
        if not dtype.is_floating_point and not dtype.is_complex and bool((found != values).any()):
            raise InputError(f"{pattern.name} takes {pattern.dtype}: whole numbers are expected")
        return found
    shape = [dims.evaluate(dim, sizes) for dim in pattern.shape]
    whole = not (dtype.is_floating_point or dtype.is_complex)  # 0 and 1 are in every vocabulary
    return torch.randint(0, 2 if whole else _DIGITS, shape, generator=random).to(dtype)
