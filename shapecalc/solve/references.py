"""What a reference of a question stands for in one graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from typing import Any, TypeAlias

from shapecalc import dims
from shapecalc.dims import Dim, Shape
from shapecalc.errors import InputError
from shapecalc.graph import Layer, LayerGraph, ModuleCall, shapes_in
from shapecalc.op import Op
from shapecalc.receptive_field import ReceptiveField, receptive_fields
from shapecalc.solve.letters import axis_of
from shapecalc.solve.question import Reference

Record: TypeAlias = Layer | ModuleCall

_OF_FIELDS = ("size", "smallest", "stride", "padding", "centre")
# what a layer is built for is asked of what arrives there: the operand, and its axis
_ARRIVING: Mapping[str, tuple[int, int]] = {
    "in_features": (0, -1),
    "in1_features": (0, -1),
    "in2_features": (1, -1),
    "in_channels": (0, 1),
    "num_channels": (0, 1),
    "num_features": (0, 1),
    "input_size": (0, -1),
    "embed_dim": (0, -1),
    "d_model": (0, -1),
}


class NotReached(InputError):  # noqa: N818  # says what is the case
    """A graph has no layer of a name."""


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A tensor, or a nested structure of them, with the name that it has in the question."""

    value: Any
    name: str


@dataclass(frozen=True, slots=True)
class _Field:
    field: ReceptiveField
    name: str
    axis: int | None = None


class References:
    """What references stand for in one graph.

    `arrivals` are the numbers of the layers at which something arrives that was asked for, and
    `beyond` tells whether anything else of the graph was. `repeated` counts the calls of layers of
    which the last is meant.
    """

    def __init__(self, graph: LayerGraph, symbols: Mapping[str, Dim]) -> None:
        self.graph = graph
        self.arrivals: dict[int, Record] = {}
        self.beyond = False
        self.repeated: dict[str, int] = {}
        self._symbols = symbols
        self._inputs = [str(symbol) for symbol in graph.symbols]
        self._records: dict[str, list[Record]] = {}
        for records in (graph.calls, graph.layers):  # a module that is one op is that op
            named: dict[str, list[Record]] = {}
            for record in records:
                named.setdefault(record.name, []).append(record)
            self._records.update(named)

    def sizes(self, reference: Reference) -> Iterator[Dim]:
        """Yield the sizes that a reference stands for: one, or one for each axis.

        Raises:
            NotReached: this graph has no layer of that name.
            InputError: it is no size.
        """
        value, keys = self._begun(reference)
        for key in keys:
            value = self._step(value, key)
        yield from self._flat(value, reference)

    def _flat(self, value: Any, reference: Reference) -> Iterator[Dim]:
        """Yield the sizes of a value, one for each axis that it has an entry for."""
        match value:
            case _Tensor(value=Shape() as shape):
                raise InputError(
                    f"{reference} is a tensor {dims.format_shape(shape)}: name an axis, "
                    f"as in {reference}.H or {reference}[{min(2, len(shape) - 1)}]"
                )
            case Layer() | ModuleCall():
                yield from self._flat(_Tensor(value.out_shape, str(reference)), reference)
            case _Tensor() | Op():
                raise InputError(f"{reference} is no size: name an axis, as in {reference}.H")
            case _Field():
                raise InputError(
                    f"{reference} is a receptive field: ask for its {', '.join(_OF_FIELDS)}"
                )
            case bool() | str():
                raise InputError(f"{reference} is {value!r}, which is no size")
            case None:
                raise InputError(f"{reference} has no value here")
            case Fraction():
                yield dims.as_dim(value.numerator) / value.denominator
            case tuple() | list():
                for entry in value:
                    yield from self._flat(entry, reference)
            case int():
                yield dims.as_dim(value)
            case _ if hasattr(value, "free_symbols"):
                yield value
            case _:
                raise InputError(f"{reference} is no size")

    # ---------------------------------------------------------------- paths

    def _begun(self, reference: Reference) -> tuple[Any, tuple[str | int, ...]]:
        """Return what a reference begins with, and the keys that are left of it.

        The longest name of a layer counts; `out` alone is the output of the model.
        """
        path, first = reference.path, reference.path.split(".")[0]
        if path in self._symbols and not reference.keys and not reference.call:
            return self._symbols[path], ()
        name = next((name for name in _prefixes(path) if name in self._records), None)
        if name in (None, "out"):
            tensors = {tensor.name: tensor.shape for tensor in self.graph.inputs}
            if first == "out" and not reference.call:
                self.beyond = True
                return _Tensor(self.graph.output, "out"), (*_rest(path, "out"), *reference.keys)
            if name is None and first in tensors and not reference.call:
                return _Tensor(tensors[first], first), (*_rest(path, first), *reference.keys)
            if path == "out" and reference.call and "" in self._records:
                name, path = "", ""
            if name is None:
                raise self._unknown(path)
        record = self._records[name][-1]
        if len(self._records[name]) > 1:
            self.repeated[name] = len(self._records[name])
        keys = (*_rest(path, name), *reference.keys)
        if reference.call == "field":
            return self._field(record, name or "out"), keys
        return self._arriving(record) if reference.call == "in" else record, keys

    def _unknown(self, path: str) -> NotReached:
        known = {*self._records, *self._symbols, "out"} - {""}
        tried = (get_close_matches(name, known, n=3) for name in reversed(list(_prefixes(path))))
        near = next((names for names in tried if names), [])
        text = f"; did you mean {' or '.join(near)}?" if near else ""
        if not near:
            text = f"; the symbols are {', '.join(self._symbols) or 'none'}, and out is the output"
        return NotReached(f"there is no layer or symbol {path!r}{text}")

    def _field(self, record: Record, name: str) -> _Field:
        self.beyond = True
        found = receptive_fields(record)
        if not found:
            raise InputError(f"no input with positions reaches {name}: it has no receptive field")
        field = next(iter(found.values()))
        if field.unknown:
            raise InputError(
                f"the receptive field of {name} is unknown: {field.unknown} has no rule"
            )
        if field.bound:
            raise InputError(
                f"the receptive field of {name} is only known to lie within bounds: {field.bound}"
            )
        return _Field(field, f"field({name})")

    def _arriving(self, record: Record) -> _Tensor:
        place = record.index if isinstance(record, Layer) else record.layers.start
        self.arrivals[place] = record
        shapes = record.in_shapes
        return _Tensor(shapes[0] if len(shapes) == 1 else shapes, f"in({record.name})")

    # ---------------------------------------------------------------- keys

    def _step(self, value: Any, key: str | int) -> Any:
        match value:
            case Layer() | ModuleCall():
                return self._of_record(value, key)
            case _Tensor():
                return self._of_tensor(value, key)
            case _Field():
                return _of_field(value, key)
            case tuple() | list() if isinstance(key, int):
                if not -len(value) <= key < len(value):
                    raise InputError(f"[{key}]: there are {len(value)} entries, counted from 0")
                return value[key]
        raise InputError(f"{key!r} is nothing that a size has")

    def _of_record(self, record: Record, key: str | int) -> Any:
        if key == "in":
            return self._arriving(record)
        name = record.name or "the model"
        op = self._op(record)
        if isinstance(key, str):
            if key in _ARRIVING or key == "normalized_shape":
                found = self._built_for(record, op, key)
                if found is not None:
                    return found
            known = _parameters(op)
            if key in known:
                return getattr(op, key)
            if not (key == "out" or len(key) == 1 or key in self._inputs):
                has = f"it has {', '.join(known)}, and" if known else "it has"
                raise InputError(f"{name} has no {key!r}: {has} axes, as in {name}.H or {name}[2]")
        self.beyond = True
        outputs = record.out_shapes if isinstance(record, Layer) else record.outputs
        single = type(outputs) is tuple and len(outputs) == 1
        tensor = _Tensor(outputs[0] if single else outputs, name)
        return tensor if key == "out" else self._of_tensor(tensor, key)

    def _op(self, record: Record) -> Op | None:
        """Return the op that a record is, if it is just one."""
        if isinstance(record, Layer):
            return record.op
        return self.graph.layers[record.layers.start].op if len(record.layers) == 1 else None

    def _built_for(self, record: Record, op: Op | None, key: str) -> Any:
        """Return the size that arrives where a layer is built for a number of features."""
        if op is not None and not hasattr(op, key):
            return None
        arriving = [shape for shape in record.in_shapes if isinstance(shape, Shape)]
        if key == "normalized_shape":
            axes = len(getattr(op, key, ()))
            operand, picked = 0, list(range(-axes, 0))
        else:
            operand, axis = _ARRIVING[key]
            kernel = getattr(op, "kernel_size", None)
            picked = [-len(kernel) - 1 if isinstance(kernel, tuple) and axis == 1 else axis]
        if operand >= len(arriving) or not picked or len(arriving[operand]) < max(map(abs, picked)):
            return None
        self._arriving(record)
        return tuple(arriving[operand][axis] for axis in picked)

    def _of_tensor(self, tensor: _Tensor, key: str | int) -> Any:
        value, name = tensor.value, tensor.name
        if not isinstance(value, Shape):
            found = _entry(value, key)
            if found is not None:
                return _Tensor(found, name + (f"[{key}]" if isinstance(key, int) else f".{key}"))
            first = next(iter(shapes_in(value)), None)
            if first is None:
                raise InputError(f"{name} holds no tensor")
            if isinstance(key, int):
                keys = list(value) if isinstance(value, Mapping) else list(range(len(value)))
                example = f'{name}["{keys[0]}"]' if isinstance(keys[0], str) else f"{name}[0]"
                raise InputError(f"{name} holds several tensors: name one, as in {example}[{key}]")
            value = first
        if isinstance(key, int):
            if not -len(value) <= key < len(value):
                shape = dims.format_shape(value)
                raise InputError(f"{name}[{key}]: {name} is {shape}, of {len(value)} axes from 0")
            return value[key]
        return value[axis_of(value, key, self._inputs, name)]


def _parameters(op: Op | None) -> list[str]:
    return list(getattr(type(op), "__dataclass_fields__", ()))


def _of_field(field: _Field, key: str | int) -> Any:
    key = "centre" if key == "center" else key
    if key in _OF_FIELDS:
        values = getattr(field.field, str(key))
        chosen = values if field.axis is None else (values[field.axis],)
        if None in chosen:
            raise InputError(f"{field.name} has no {key}: the window does not move")
        return tuple(chosen)
    axes = field.field.axes
    if field.axis is None and key in axes:
        return _Field(field.field, f"{field.name}.{key}", axes.index(str(key)))
    known = ", ".join((*_OF_FIELDS, *(axes if field.axis is None else ())))
    raise InputError(f"{field.name} has no {key!r}: it has {known}")


def _entry(structure: Any, key: str | int) -> Any:
    if isinstance(structure, Mapping):
        return structure.get(key)
    if isinstance(structure, (tuple, list)):
        if isinstance(key, int):
            return structure[key] if -len(structure) <= key < len(structure) else None
        return getattr(structure, key, None) if key in getattr(structure, "_fields", ()) else None
    return None


def _prefixes(path: str) -> Iterator[str]:
    """Yield the path and all that it begins with, the longest first."""
    words = path.split(".")
    for count in range(len(words), 0, -1):
        yield ".".join(words[:count])


def _rest(path: str, name: str) -> tuple[str | int, ...]:
    rest = path[len(name) :].strip(".")
    return tuple(rest.split(".")) if rest else ()
