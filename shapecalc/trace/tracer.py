"""The tracer: answers every torch call of a running model from the rules."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from shapecalc import dims
from shapecalc.conditions import Hint, require_same
from shapecalc.dims import Dim, Shape
from shapecalc.errors import DataDependentError, ForwardError, ShapecalcError, ShapeError
from shapecalc.graph import InputRef, OutputRef
from shapecalc.op import Call, Operand, Outcome, infer
from shapecalc.registry import Reader
from shapecalc.trace import held, masks, numbers, positions, probe
from shapecalc.trace.aliases import Aliases
from shapecalc.trace.channels_axis import channels_are_on_axis_one
from shapecalc.trace.data_choices import Choices
from shapecalc.trace.layout import demand_order
from shapecalc.trace.queries import QUERIES
from shapecalc.trace.recorder import Recorder
from shapecalc.trace.recovery import possible, recovered
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
from shapecalc.trace.targets import reader_of
from shapecalc.trace.whole import WHOLE, floats_in, in_whole_numbers

# in-place methods that change the shape of their tensor: views of it under another shape
_RESHAPING = {
    "unsqueeze_", "squeeze_", "transpose_", "t_", "swapaxes_", "swapdims_", "as_strided_",
    "resize_", "resize_as_", "detach_", "requires_grad_", "data",
}  # fmt: skip
# names of arguments that torch takes from users of NumPy
_SPELLINGS = {"axis": "dim", "keepdims": "keepdim"}
_IN_PLACE_OPERATORS = {
    "__iadd__", "__isub__", "__imul__", "__itruediv__", "__ifloordiv__", "__imod__", "__ipow__",
    "__iand__", "__ior__", "__ixor__", "__ilshift__", "__irshift__", "__setitem__",
}  # fmt: skip


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
        self.rewritings: dict[int, Rewriting] = {}  # calls to be written otherwise, by their layer
        self._more = 0  # layers that rewritings made beyond those that they stand for
        self._hint = hint
        self._device = torch.device("cpu")
        self.aliases = Aliases(self.record)
        self.record.refresh = self.aliases.refresh
        self._buffers = {
            storage_of(b) for b in model.buffers() if not torch.nn.parameter.is_lazy(b)
        }
        self._own = {
            tensor.untyped_storage()._cdata
            for tensor in (*model.parameters(), *model.buffers())
            if not torch.nn.parameter.is_lazy(tensor)
        }

    # ------------------------------------------------------------------ torch functions

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Answer one call of a torch function."""
        kwargs = dict(kwargs) if kwargs else {}
        if self.record.recover:
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
        reader = reader_of(func)
        self.record.events.append((function_name(func), len(self.record.layers)))
        with self._in_context(func):
            if reader is None:
                return self._probed(func, args, kwargs)
            try:
                return self._read(reader, func, args, kwargs)
            except DataDependentError as error:
                if not numbers.holds_size((args[1:], kwargs)):
                    raise
                return self._read_sizes(reader, func, args, kwargs, error)
            except ShapecalcError:
                raise
            except Exception as error:  # arguments that a reader does not know, or a slip in a rule
                why = f"its rule failed with {type(error).__name__}: {error}"
                try:
                    return self._probed(func, args, kwargs, why)
                except ForwardError:
                    floats = floats_in((args, kwargs)) if self.record.recover else []
                    if not floats:
                        raise
                return self._read_whole(reader, func, args, kwargs, floats)

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
        if (_is_in_place(func) or "out" in kwargs) and self._belongs_to_model(target):
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

    def _read(
        self,
        reader: Reader,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        with self.record.choosing(reader.name):
            named = {_SPELLINGS.get(name, name): value for name, value in kwargs.items()}
            call = reader.read(*for_reader(args), **for_reader(named))
            unmet = self._unmet_positions(reader.name, args, named)
            shapes = tuple(operand.shape for operand in call.operands)
            outcome, mistakes = self._inferred(call, shapes)
            if outcome.data:
                counted = held.counted(self.record, func, reader.name, args, kwargs)
                most = call.op.at_most(*shapes)
                outcome = self._without_data(outcome, reader.name, counted, most)
        self.record.assume(outcome.assumptions, reader.name)
        mistakes += unmet
        if func is torch.Tensor.view:
            mistakes += self._out_of_order(call, outcome, reader.name)
        received: list[Any] = [operand.source for operand in _operands_in((args, kwargs))]
        given = (args, kwargs)
        masked = masks.is_masked(reader.name, given)
        if masks.has_no_values(reader.name, given, self._buffers):
            self.record.notes.append(
                f"a constant is added that has no values on the meta device, {caller()}: receptive "
                "fields take it for a bias, not for a mask; build the model with values to tell"
            )
        index = self.record.layer(call, reader.name, outcome.shapes, received, masked=masked)
        if mistakes:
            where = self.record.owner(args, kwargs) or self.record.where(function_name(func))
            self.record.mistaken(index, mistakes, where)
        outputs = self._outputs(call, outcome, index)
        masks.follow(reader.name, given, outputs)
        positions.follow(reader.name, args, kwargs, outputs)
        in_place = _is_in_place(func) or bool(kwargs.get("inplace"))
        held.follow(func, reader.name, args, kwargs, outputs, in_place=in_place)
        self.aliases.view(function_name(func), args, call, outputs)
        return self._hand_back(func, call, outcome, outputs, args, kwargs)

    def _out_of_order(self, call: Call, outcome: Outcome, name: str) -> tuple[ShapeError, ...]:
        """Return the mistake of a view that the order of the elements does not allow."""
        source: Any = call.operands[0].source
        with self.record.choosing(name):
            error = demand_order(self.record, source, outcome.shapes[0], self._hint)
        if error is not None and not self.record.recover:
            raise error
        return () if error is None else (error,)

    def _read_sizes(
        self,
        reader: Reader,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        error: DataDependentError,
    ) -> Any:
        """Read a call with sizes in the place of the tensors that are taken for numbers."""
        sized = (*args[:1], *numbers.as_sizes(self, args[1:]))
        try:
            return self._read(reader, func, sized, numbers.as_sizes(self, kwargs))
        except ShapecalcError:
            raise
        except Exception:  # an axis, or another number that is no size
            raise error from None

    def _read_whole(
        self,
        reader: Reader,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        floats: list[Any],
    ) -> Any:
        """Go on with whole numbers in the place of floats that are refused."""
        index = len(self.record.layers)
        result = self._read(reader, func, in_whole_numbers(args), in_whole_numbers(kwargs))
        said = ", ".join(map(str, for_reader(floats)))
        where = self.record.where(function_name(func))
        self.record.mistaken(index, [ShapeError(f"{WHOLE} {said}")], where)
        return result

    def _unmet_positions(
        self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[ShapeError, ...]:
        """Return the mistake of a look-up beyond the end of a table."""
        try:
            positions.demand(name, args, kwargs)
        except ShapeError as error:
            if not self.record.recover:
                raise
            return (error,)
        return ()

    def _inferred(
        self, call: Call, shapes: tuple[Shape, ...]
    ) -> tuple[Outcome, tuple[ShapeError, ...]]:
        """Apply a rule; where the shapes do not fit and the trace goes on, what is assumed."""
        try:
            return infer(call.op, shapes, self._hint), ()
        except ShapeError as error:
            if not self.record.recover:
                raise
            first: Any = call.operands[0].source if call.operands else None
            known = channels_are_on_axis_one(self.record.layers, first)
            found = recovered(call.op, shapes, self._hint, error, channels_known=known)
            if found is None:
                raise
            outcome, mistakes = found
        made = tuple(Shape(self._assumed(size) for size in shape) for shape in outcome.shapes)
        return replace(outcome, shapes=made), mistakes

    def _assumed(self, size: Dim) -> Dim:
        """Return a size, or a symbol of its own for one that is in doubt."""
        either = possible(size)
        return size if either is None else self.record.assumed_size(*(either[:1] or (1,)), *either)

    def _without_data(
        self,
        outcome: Outcome,
        name: str,
        counted: Sequence[Sequence[int]] | None,
        most: Mapping[Dim, Dim],
    ) -> Outcome:
        """Put a new symbol, or the number that was counted, in the place of every size of data."""
        sizes = dict[Dim, Dim]()
        if counted is not None:
            for shape, numbers in zip(outcome.shapes, counted, strict=True):
                pairs = zip(shape, map(dims.as_dim, numbers), strict=True)
                sizes.update((size, number) for size, number in pairs if size in outcome.data)
        for size in outcome.data:
            if size not in sizes:
                sizes[size] = self.record.fresh_size(name, minimum=1 if size.is_positive else 0)
                if size in most:
                    self.record.most[sizes[size]] = most[size]
        shapes = tuple(Shape(dim.subs(sizes) for dim in shape) for shape in outcome.shapes)
        return replace(outcome, shapes=shapes, data=())

    def _hand_back(
        self,
        func: Callable[..., Any],
        call: Call,
        outcome: Outcome,
        outputs: list[SymbolicTensor],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        if outcome.several:
            return call.pack(outputs)
        (output,) = outputs
        target = args[0] if args else kwargs.get("input")
        if "out" in kwargs:
            target = kwargs["out"]
        elif not (_is_in_place(func) or kwargs.get("inplace")):
            return output
        if not isinstance(target, SymbolicTensor):
            # a constant of the model that takes symbolic values: its shape stays what it is
            if isinstance(target, torch.Tensor):
                self.aliases.write_constant(target, output)
            return None if function_name(func) == "__setitem__" else output
        if function_name(func) not in _RESHAPING and output.shape_ != target.shape_:
            with self.record.choosing(function_name(func)):
                _require_in_place(output.shape_, target.shape_)
        target.become(output)
        if function_name(func) not in _RESHAPING:
            self.aliases.write(target)
        return target

    def _probed(
        self,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        why: str = "it has no rule",
    ) -> Any:
        measured = probe.measure(self, func, args, kwargs, why)
        operands = tuple(_operands_in((args, kwargs)))
        call = Call(measured.op, operands, measured.dtypes)
        outcome = Outcome(measured.shapes, True)
        index = self.record.layer(
            call, function_name(func), outcome.shapes, (), label=measured.label, note=measured.note
        )
        outputs = self._outputs(call, outcome, index)
        result = measured.rebuild(outputs)
        if _is_in_place(func) and isinstance(args[0], SymbolicTensor) and outputs:
            return args[0].become(outputs[0])
        return result

    def _outputs(self, call: Call, outcome: Outcome, index: int) -> list[SymbolicTensor]:
        """Return the tensors that come out of layer number `index`."""
        dtypes = call.dtype
        if not isinstance(dtypes, tuple):
            found = dtypes or (call.operands[0].dtype if call.operands else "float32")
            dtypes = (found,) * len(outcome.shapes)
        outputs = [
            SymbolicTensor.make(shape, DTYPES[dtype], self._device, OutputRef(index, n))
            for n, (shape, dtype) in enumerate(zip(outcome.shapes, dtypes, strict=True))
        ]
        for output, first in zip(reversed(outputs), reversed(call.firsts), strict=False):
            output.first_ = first
        return outputs

    def tensor(self, name: str, shape: Shape, dtype: str) -> SymbolicTensor:
        """Return an input of the model."""
        return SymbolicTensor.make(shape, DTYPES[dtype], self._device, InputRef(name))

    def symint(self, dim: Dim) -> int | torch.SymInt:
        """Return a size as torch code expects it."""
        return as_torch(self.record, dim)

    @contextlib.contextmanager
    def _in_context(self, func: Callable[..., Any]) -> Iterator[None]:
        """Add to a mistake where it was made: the one place that does."""
        try:
            yield
        except ShapeError as error:
            if not hasattr(error, "layer"):
                error.layer = self.record.where(function_name(func))  # type: ignore[attr-defined]
                error.location = caller()  # type: ignore[attr-defined]
            raise


def _operands_in(structure: Any) -> Iterator[Operand]:
    """Yield the symbolic tensors of a nested structure, as operands."""
    for tensor in tensors_in(structure):
        if isinstance(tensor, SymbolicTensor):
            yield tensor.operand()


def _require_in_place(result: Shape, target: Shape) -> None:
    if len(result) != len(target):
        raise ShapeError(f"an in-place op cannot turn {target} into {result}")
    for got, kept in zip(result, target, strict=True):
        require_same(got, kept, "the size of an in-place result to be")


def _to_meta(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.to("meta")
    return torch.device("meta") if isinstance(value, torch.device) or value == "cpu" else value


def function_name(func: Callable[..., Any]) -> str:
    """Return the name of a torch function; properties go by their own."""
    name = str(getattr(func, "__name__", None) or getattr(func, "name", func))
    if name in ("__get__", "__set__"):
        name = getattr(getattr(func, "__self__", None), "__name__", name)
    return name


def _is_in_place(func: Callable[..., Any]) -> bool:
    name = function_name(func)
    return name in _IN_PLACE_OPERATORS or (name.endswith("_") and not name.endswith("__"))
