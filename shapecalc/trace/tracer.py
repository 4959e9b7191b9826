"""The tracer: answers every torch call of a running model from the rules."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from shapecalc.conditions import Hint
from shapecalc.dims import Dim, Shape
from shapecalc.errors import ShapeError
from shapecalc.graph import InputRef
from shapecalc.op import Call, Operand, Outcome
from shapecalc.registry import Reader
from shapecalc.trace import held, masks, numbers, positions, probe
from shapecalc.trace.aliases import Aliases
from shapecalc.trace.applied_rule import applied, beyond_table, out_of_order
from shapecalc.trace.attempts import attempted
from shapecalc.trace.data_choices import Choices
from shapecalc.trace.function_names import function_name, is_in_place
from shapecalc.trace.outputs import handed_back, outputs_of
from shapecalc.trace.queries import QUERIES
from shapecalc.trace.recorder import Recorder
from shapecalc.trace.returned import unpacked
from shapecalc.trace.size_node import as_torch
from shapecalc.trace.source import caller
from shapecalc.trace.symbolic_tensor import (
    DTYPES,
    SymbolicTensor,
    for_reader,
    is_symbolic,
    storage_of,
    tensors_in,
)

# names of arguments that torch takes from users of NumPy
_SPELLINGS = {"axis": "dim", "keepdims": "keepdim"}

Rewriting = Callable[[Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]


class Tracer(TorchFunctionMode):
    """One run of a model on symbolic tensors.

    Every torch function arrives here. One that touches nothing symbolic runs as it is; one that
    asks for a shape or a type is answered; any other is read, its rule applied at the hint, and
    recorded as a layer.
    """

    def __init__(
        self,
        model: nn.Module,
        hint: Hint,
        choices: Choices | None = None,
        *,
        at_once: bool = False,
        recover: bool = False,
    ) -> None:
        super().__init__()
        choices = Choices() if choices is None else choices
        self.record = Recorder(model, hint, choices, at_once=at_once, recover=recover)
        self.path = self.record.path
        self.rewritings: dict[int, Rewriting] = {}  # calls to be written otherwise, by their layer
        self._more = 0  # layers that rewritings made beyond those that they stand for
        self._device = torch.device("cpu")
        self.aliases = Aliases(self.record)
        self._buffers = {
            storage_of(b) for b in model.buffers() if not torch.nn.parameter.is_lazy(b)
        }
        self._own = {
            tensor.untyped_storage()._cdata
            for tensor in (*model.parameters(), *model.buffers())
            if not torch.nn.parameter.is_lazy(tensor)
        }

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Answer one call of a torch function."""
        kwargs = dict(kwargs) if kwargs else {}
        if self.record.mistakes.recover:
            args, kwargs = unpacked(func, args), unpacked(func, kwargs)
        query = QUERIES.get(func)
        if query is not None and (answer := query(self, *args, **kwargs)) is not NotImplemented:
            return answer
        if func is torch.Tensor.__setitem__:
            self.aliases.put_back(args)
        args = self.aliases.refresh(args)
        kwargs = dict(self.aliases.refresh(kwargs))
        if query is not None and (answer := query(self, *args, **kwargs)) is not NotImplemented:
            return answer  # of a constant that took symbolic values
        if not is_symbolic(args) and not is_symbolic(kwargs):
            if query is None:  # what a real run is watched for: no questions
                self.record.events.append((function_name(func), None))
            return self._run(func, args, kwargs)
        number = numbers.in_python(func, args, kwargs)
        if number is not None:
            return number
        if self.rewritings:
            rewriting = self.rewritings.pop(len(self.record.layers) - self._more, None)
            if rewriting is not None:
                return self._rewritten(rewriting, func, args, kwargs)
        self.record.events.append((function_name(func), len(self.record.layers)))
        with self._in_context(func):
            return attempted(self, func, args, kwargs)

    def _rewritten(
        self,
        rewriting: Rewriting,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Make a call another way; the calls after it keep the numbers that they had."""
        rest, self.rewritings = self.rewritings, {}
        before = len(self.record.layers)
        with self:
            result = rewriting(func, args, kwargs)
        self.rewritings, made = rest, len(self.record.layers) - before
        self._more += made - 1
        return result

    def _run(
        self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        """Run a call on constants of the model for real, without changing the model."""
        target = kwargs.get("out", args[0] if args else None)
        if (is_in_place(func) or "out" in kwargs) and self._belongs_to_model(target):
            return target
        try:
            return func(*args, **kwargs)
        except (RuntimeError, NotImplementedError):
            # numbers made on the CPU meet weights on the meta device: shapes are all that counts
            on_meta = [torch.utils._pytree.tree_map(_to_meta, part) for part in (args, kwargs)]
            return func(*on_meta[0], **on_meta[1])

    def _belongs_to_model(self, target: object) -> bool:
        if not isinstance(target, torch.Tensor) or torch.nn.parameter.is_lazy(target):
            return False
        if torch._C._functorch.is_functorch_wrapped_tensor(target):
            return False
        return target.untyped_storage()._cdata in self._own

    def read(
        self,
        reader: Reader,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Answer a call by its rule, and record it as a layer."""
        name, record = reader.name, self.record
        with self.path.choosing(name):
            named = {_SPELLINGS.get(key, key): value for key, value in kwargs.items()}
            call = reader.read(*for_reader(args), **for_reader(named))
            unmet = beyond_table(record, name, args, named)
            outcome, mistakes = applied(record, name, call, func, args, kwargs)
        self.path.assume(outcome.assumptions, name)
        mistakes += unmet + out_of_order(record, func, name, call, outcome)
        received: list[Any] = [operand.source for operand in _operands_in((args, kwargs))]
        given = (args, kwargs)
        masked = masks.is_masked(name, given)
        if masks.has_no_values(name, given, self._buffers):
            record.notes.append(
                f"a constant is added that has no values on the meta device, {caller()}: receptive "
                "fields take it for a bias, not for a mask; build the model with values to tell"
            )
        index = record.layer(call, name, outcome.shapes, received, masked=masked)
        if mistakes:
            modules = record.modules
            where = modules.owner(args, kwargs) or modules.where(function_name(func))
            record.mistakes.add(index, mistakes, where)
        outputs = outputs_of(index, call, outcome, self._device)
        masks.follow(name, given, outputs)
        positions.follow(name, args, kwargs, outputs)
        in_place = is_in_place(func, kwargs)
        held.follow(func, name, args, kwargs, outputs, in_place=in_place)
        self.aliases.view(function_name(func), args, call, outputs)
        if outcome.several:
            return call.pack(outputs)
        (output,) = outputs
        return handed_back(self, func, args, kwargs, output)

    def measured(
        self,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        why: str = "it has no rule",
    ) -> Any:
        """Answer a call by running it on meta tensors; `why` no rule does."""
        found = probe.measure(self, func, args, kwargs, why)
        call = Call(found.op, tuple(_operands_in((args, kwargs))), found.dtypes)
        outcome = Outcome(found.shapes, True)
        index = self.record.layer(
            call, function_name(func), outcome.shapes, (), label=found.label, note=found.note
        )
        outputs = outputs_of(index, call, outcome, self._device)
        result = found.rebuild(outputs)
        if is_in_place(func) and isinstance(args[0], SymbolicTensor) and outputs:
            return args[0].become(outputs[0])
        return result

    def tensor(self, name: str, shape: Shape, dtype: str) -> SymbolicTensor:
        """Return an input of the model."""
        return SymbolicTensor.make(shape, DTYPES[dtype], self._device, InputRef(name))

    def symint(self, dim: Dim) -> int | torch.SymInt:
        """Return a size as torch code expects it."""
        return as_torch(self.path, dim)

    @contextlib.contextmanager
    def _in_context(self, func: Callable[..., Any]) -> Iterator[None]:
        """Add to a mistake where it was made: the one place that does."""
        try:
            yield
        except ShapeError as error:
            if not hasattr(error, "layer"):
                where = self.record.modules.where(function_name(func))
                error.layer = where  # type: ignore[attr-defined]
                error.location = caller()  # type: ignore[attr-defined]
            raise


def _operands_in(structure: Any) -> Iterator[Operand]:
    """Yield the symbolic tensors of a nested structure, as operands."""
    for tensor in tensors_in(structure):
        if isinstance(tensor, SymbolicTensor):
            yield tensor.operand()


def _to_meta(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.to("meta")
    return torch.device("meta") if isinstance(value, torch.device) or value == "cpu" else value
