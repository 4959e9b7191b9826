"""The tracer: answers every torch call of a running model from the rules."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from shapecalc import dims
from shapecalc.conditions import Assumption, Condition, Hint, Path, following, require_same
from shapecalc.dims import Dim, Shape
from shapecalc.errors import DataDependentError, ShapeError
from shapecalc.graph import (
    InputRef,
    Label,
    Layer,
    LayerGraph,
    ModuleCall,
    OutputRef,
    Premise,
)
from shapecalc.op import DATA, Call, Op, Operand, Outcome, Reader, infer
from shapecalc.trace import probe
from shapecalc.trace.containers import shapes_of
from shapecalc.trace.queries import QUERIES
from shapecalc.trace.size_node import as_torch
from shapecalc.trace.source import caller
from shapecalc.trace.symbolic_tensor import DTYPES, SymbolicTensor, for_reader, is_symbolic
from shapecalc.trace.targets import targets

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


@dataclass(slots=True)
class OpenCall:
    """A module call that has begun: what its record will say, and what was called within it."""

    index: int
    path: str
    module: nn.Module
    first_layer: int
    names: Counter[str] = field(default_factory=Counter)
    children: int = 0


class Tracer(TorchFunctionMode):
    """One run of a model on symbolic tensors.

    Every torch function arrives here. One that touches nothing symbolic runs as it is; one that
    asks for a shape or a type is answered; any other is read, its rule applied at the hint, and
    recorded as a layer.
    """

    def __init__(self, model: nn.Module, hint: Hint) -> None:
        super().__init__()
        self.hint = hint
        self.device = torch.device("cpu")
        self.layers: list[Layer] = []
        self.calls: list[ModuleCall] = []
        self.premises: dict[Condition, Premise] = {}
        self.notes: list[str] = []
        self.events: list[tuple[str, int | None]] = []
        self.fresh: dict[str, str] = {}
        self._stack: list[OpenCall] = []
        self._named = dict(model.named_modules())
        self._paths = {id(module): path for path, module in self._named.items()}
        self._readers = targets()
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
        query = QUERIES.get(func)
        if query is not None and (answer := query(self, *args, **kwargs)) is not NotImplemented:
            return answer
        if not is_symbolic(args) and not is_symbolic(kwargs):
            self.events.append((function_name(func), None))
            return self._run(func, args, kwargs)
        reader = self._readers.get(func)
        self.events.append((function_name(func), len(self.layers)))
        with self._in_context(func):
            if reader is None:
                return self._probed(func, args, kwargs)
            return self._read(reader, func, args, kwargs)

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
        return target.untyped_storage()._cdata in self._own

    def _read(
        self,
        reader: Reader,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        with following(Path(self.hint)) as path:  # a reader may choose and demand, too
            named = {_SPELLINGS.get(name, name): value for name, value in kwargs.items()}
            call = reader.read(*for_reader(args), **for_reader(named))
        self._assume(path.assumptions)
        shapes = tuple(operand.shape for operand in call.operands)
        outcome = self._without_data(infer(call.op, shapes, self.hint), reader.name)
        self._assume(outcome.assumptions)
        outputs = self._record(call, reader.name, outcome, args, kwargs)
        return self._hand_back(func, call, outcome, outputs, args, kwargs)

    def _without_data(self, outcome: Outcome, name: str) -> Outcome:
        if not outcome.data:
            return outcome
        size = self.fresh_size(name)
        shapes = tuple(Shape(dim.subs(DATA, size) for dim in shape) for shape in outcome.shapes)
        return replace(outcome, shapes=shapes)

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
            return None if function_name(func) == "__setitem__" else output
        if function_name(func) not in _RESHAPING and output.shape_ != target.shape_:
            with following(Path(self.hint)) as path:
                _require_in_place(output.shape_, target.shape_)
            self._assume(path.assumptions)
        return target.become(output)

    def _probed(
        self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        measured = probe.measure(self, func, args, kwargs)
        operands = tuple(_operands_in((args, kwargs)))
        call = Call(measured.op, operands)
        outcome = Outcome(measured.shapes, True, ())
        outputs = self._record(
            call,
            function_name(func),
            outcome,
            args,
            kwargs,
            label=measured.label,
            note=measured.note,
        )
        for output, dtype in zip(outputs, measured.dtypes, strict=True):
            output.dtype_ = dtype
        result = measured.rebuild(outputs)
        if _is_in_place(func) and isinstance(args[0], SymbolicTensor) and outputs:
            return args[0].become(outputs[0])
        return result

    # ------------------------------------------------------------------ records

    def _record(
        self,
        call: Call,
        function: str,
        outcome: Outcome,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        label: Label = Label.PROVED,
        note: str = "",
    ) -> list[SymbolicTensor]:
        index = len(self.layers)
        operands = call.operands
        used = {operand.source for operand in operands}
        others = [o.source for o in _operands_in((args, kwargs)) if o.source not in used]
        sources = (*(operand.source for operand in operands), *dict.fromkeys(others))
        for source in sources:
            if isinstance(source, OutputRef):
                label = label.weaker(self.layers[source.layer].label)
        self.layers.append(
            Layer(
                index=index,
                name=self._layer_name(call.op),
                op=call.op,
                function=function,
                in_shapes=tuple(operand.shape for operand in operands),
                out_shapes=outcome.shapes,
                sources=sources,  # type: ignore[arg-type]
                label=label,
                location=caller(),
                call=self._stack[-1].index if self._stack else 0,
                note=note,
            )
        )
        dtypes = call.dtype
        if not isinstance(dtypes, tuple):
            found = dtypes or (operands[0].dtype if operands else "float32")
            dtypes = (found,) * len(outcome.shapes)
        return [
            SymbolicTensor.make(shape, DTYPES[dtype], self.device, OutputRef(index, n))
            for n, (shape, dtype) in enumerate(zip(outcome.shapes, dtypes, strict=True))
        ]

    def _layer_name(self, op: Op) -> str:
        if not self._stack:
            return op.kind
        frame = self._stack[-1]
        kind = op.kind
        count = frame.names[kind]
        frame.names[kind] += 1
        name = f"{kind}_{count}" if count else kind
        return f"{frame.path}.{name}" if frame.path else name

    def fresh_size(self, origin: str, *, minimum: int = 0) -> Dim:
        """Return a new symbol for a size that depends on data."""
        name = f"u{len(self.fresh)}"
        self.fresh[name] = origin
        self.hint.data.add(name)
        self.notes.append(f"{name} is a size that depends on data: {origin}, {caller()}")
        return dims.symbol(name, minimum=minimum)

    def tensor(self, name: str, shape: Shape, dtype: str) -> SymbolicTensor:
        """Return an input of the model."""
        return SymbolicTensor.make(shape, DTYPES[dtype], self.device, InputRef(name))

    def symint(self, dim: Dim) -> int | torch.SymInt:
        """Return a size as torch code expects it."""
        return as_torch(self, dim)

    # ------------------------------------------------------------------ choices

    def decide(self, condition: Condition) -> bool:
        """Answer an `if` of the model's code at the hint, and record the answer."""
        self._refuse_data(condition.symbols)
        answer = condition.holds(self.hint)
        taken = condition if answer else condition.negated()
        self._assume([Assumption(taken, "branch", "a condition in the model's code")])
        return answer

    def pin(self, size: Dim) -> int:
        """Give Python the number that it asks for, and record that the size is that number."""
        self._refuse_data(dims.symbols_of((size,)))
        number = dims.evaluate(size, self.hint)
        condition = Condition(size, "==", number)
        self._assume([Assumption(condition, "branch", "the model's code asks for a number")])
        return number

    def pin_float(self, value: Dim) -> float:
        """Give Python a float; every size in it is pinned."""
        pinned = {name: self.pin(name) for name in dims.symbols_of((value,))}
        return float(value.subs(pinned))

    def _refuse_data(self, symbols: tuple[Dim, ...]) -> None:
        for name in map(str, symbols):
            if name in self.fresh:
                raise DataDependentError(
                    f"the model's code needs the value of {name}, "
                    f"which depends on data: {self.fresh[name]}"
                )

    def _assume(self, assumptions: list[Assumption] | tuple[Assumption, ...]) -> None:
        for assumption in assumptions:
            if assumption.condition not in self.premises:
                where = self._stack[-1].path if self._stack else ""
                self.premises[assumption.condition] = Premise(assumption, where, caller())

    @contextlib.contextmanager
    def _in_context(self, func: Callable[..., Any]) -> Iterator[None]:
        try:
            yield
        except ShapeError as error:
            if not hasattr(error, "layer"):
                error.layer = self._where(func)  # type: ignore[attr-defined]
                error.location = caller()  # type: ignore[attr-defined]
            raise

    def _where(self, func: Callable[..., Any]) -> str:
        if not self._stack:
            return function_name(func)
        frame = self._stack[-1]
        if not next(frame.module.children(), None) and frame.path:
            return frame.path
        return f"{frame.path}.{function_name(func)}" if frame.path else function_name(func)

    # ------------------------------------------------------------------ module calls

    @contextlib.contextmanager
    def watching_modules(self) -> Iterator[None]:
        """Record every module call, by standing in for `nn.Module.__call__`."""
        original = nn.Module.__call__

        def recorded(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
            self._enter(module, args, kwargs)
            try:
                output = original(module, *args, **kwargs)
            except BaseException as error:
                if not hasattr(error, "layer"):
                    error.layer = self._stack[-1].path  # type: ignore[attr-defined]
                self._stack.pop()
                raise
            self._leave(output)
            return output

        nn.Module.__call__ = recorded  # type: ignore[method-assign]
        try:
            yield
        finally:
            nn.Module.__call__ = original  # type: ignore[method-assign]

    def _enter(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        parent = self._stack[-1] if self._stack else None
        path = self._paths.get(id(module))
        if path is None:
            around = f"{parent.path}." if parent and parent.path else ""
            path = f"{around}{type(module).__name__}"
        if parent:
            parent.children += 1
        index = len(self.calls)
        self.calls.append(
            ModuleCall(
                index=index,
                name=path,
                kind=type(module).__name__,
                inputs=shapes_of(args),
                keywords=shapes_of(kwargs),
                parent=parent.index if parent else None,
                parameters=_owned(module),
                location=caller() if parent else None,
                leaf=next(module.children(), None) is None,
                finished=False,
            )
        )
        self._stack.append(OpenCall(index, path, module, len(self.layers)))

    def _leave(self, output: Any) -> None:
        frame = self._stack.pop()
        layers = range(frame.first_layer, len(self.layers))
        self.calls[frame.index] = replace(
            self.calls[frame.index], outputs=shapes_of(output), layers=layers, finished=True
        )
        if len(layers) == 1 and not frame.children and frame.path:
            # an op that is all that its module does goes by the module's name
            only = self.layers[frame.first_layer]
            self.layers[frame.first_layer] = replace(only, name=frame.path)

    def _calls_with_all_parameters(self) -> list[ModuleCall]:
        """Count the weights of modules that are never called where they are used: around them."""
        called = {call.name for call in self.calls}
        beside: Counter[str] = Counter()
        for path, module in self._named.items():
            if path not in called and (owned := _owned(module)):
                while path and path not in called:
                    path = path.rpartition(".")[0]
                beside[path] += owned
        return [
            replace(call, parameters=call.parameters + beside[call.name])
            if call.name in beside
            else call
            for call in self.calls
        ]

    def graph(self, **rest: Any) -> LayerGraph:
        """Return what was recorded.

        A premise on a size that depends on data cannot be checked at given sizes: it is a note.
        """
        premises, notes = [], list(self.notes)
        for premise in self.premises.values():
            if self.fresh.keys() & set(map(str, premise.condition.symbols)):
                notes.append(f"taken for granted: {premise.condition}, {premise.location}")
            else:
                premises.append(premise)
        return LayerGraph(
            layers=tuple(self.layers),
            calls=tuple(self._calls_with_all_parameters()),
            premises=tuple(premises),
            notes=tuple(notes),
            events=tuple(self.events),
            hint=dict(self.hint),
            **rest,
        )


def _operands_in(structure: Any) -> Iterator[Operand]:
    """Yield the symbolic tensors of a nested structure, as operands."""
    if isinstance(structure, SymbolicTensor):
        yield structure.operand()
    elif isinstance(structure, dict):
        for value in structure.values():
            yield from _operands_in(value)
    elif isinstance(structure, (tuple, list)):
        for value in structure:
            yield from _operands_in(value)


def _require_in_place(result: Shape, target: Shape) -> None:
    if len(result) != len(target):
        raise ShapeError(f"an in-place op cannot turn {target} into {result}")
    for got, kept in zip(result, target, strict=True):
        require_same(got, kept, "the size of an in-place result to be")


def _owned(module: nn.Module) -> int:
    """Return the number of elements of the parameters that a module holds itself."""
    found = (p for p in module._parameters.values() if p is not None)
    return sum(0 if torch.nn.parameter.is_lazy(p) else p.numel() for p in found)


def _to_meta(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.to("meta")
    return torch.device("meta") if isinstance(value, torch.device) or value == "cpu" else value


def function_name(func: Callable[..., Any]) -> str:
    """Return the name of a torch function; properties go by their own."""
    name: str = getattr(func, "__name__", str(func))
    if name in ("__get__", "__set__"):
        name = getattr(getattr(func, "__self__", None), "__name__", name)
    return name


def _is_in_place(func: Callable[..., Any]) -> bool:
    name = function_name(func)
    return name in _IN_PLACE_OPERATORS or (name.endswith("_") and not name.endswith("__"))
