"""A spec into a real `nn.Module`, under the names that its graph has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import torch
from torch import nn

from shapecalc import dims
from shapecalc.errors import InputError, ShapeError
from shapecalc.graph import Input, LayerGraph
from shapecalc.spec.build_graph import Placed, place, place_all
from shapecalc.spec.functions import functions
from shapecalc.spec.nodes import nearest, wrong
from shapecalc.spec.parameters import modules
from shapecalc.spec.schema import Block, Output, Ref, Spec


def build_module(spec: Spec, sizes: Mapping[str, int] | None = None) -> nn.Module:
    """Return the module that a spec describes; `sizes` gives numbers to its symbols.

    Those that no constructor asks for, such as the height of an image, stay free.

    Raises:
        InputError: `sizes` names a symbol that the spec does not have.
        SpecError: a parameter depends on a symbol that `sizes` does not name.
        ShapeError: the shapes do not fit.
    """
    graph, placed = place(spec)
    if sizes and graph.findings:  # they may fit with numbers
        graph, placed = place(spec, sizes)
    elif sizes:
        for unknown in sizes.keys() - graph.hint.keys():
            raise InputError(f"the spec has no symbol {unknown!r}{nearest(unknown, graph.hint)}")
        asked = {symbol for *_, symbols in _needs(placed, graph.inputs) for symbol in symbols}
        graph, placed = place(spec, {name: sizes[name] for name in sizes if name in asked})
    for finding in graph.findings:
        raise ShapeError(str(finding))
    return _built(spec, graph, placed)


def build_as_meant(spec: Spec) -> tuple[nn.Module, LayerGraph]:
    """Return the module of a spec whose shapes do not fit, and its graph; both name all layers.

    The module raises where the spec is wrong: it is there to be diagnosed.

    Raises:
        SpecError: a parameter is a symbol, so that there is no one module.
        ShapeError: a layer cannot be built at all.
    """
    graph, placed = place_all(spec)
    for finding in graph.findings:
        raise ShapeError(str(finding))
    return _built(spec, graph, placed), graph


def _built(spec: Spec, graph: LayerGraph, placed: tuple[Placed, ...]) -> nn.Module:
    _require_numbers(placed, graph.inputs)
    bound: dict[str, int] = {}
    model = _wired(spec.model, placed, spec, bound)
    patterns = {tensor.name: tensor.shape for tensor in graph.inputs}
    model.register_forward_pre_hook(partial(_bind, bound, patterns))
    return model


class Wired(nn.Module):
    """The layers of a block, run in order; each reads the outputs of others by name."""

    def __init__(self, block: Block, steps: list[nn.Module]) -> None:
        super().__init__()
        self.block = block
        for use, step in zip(block.layers, steps, strict=True):
            self.add_module(use.name, step)

    def forward(self, *tensors: torch.Tensor) -> Any:
        """Run the layers."""
        if len(tensors) != len(self.block.inputs):
            names = ", ".join(self.block.inputs)
            raise TypeError(f"{self.block.name} takes the tensors {names}, got {len(tensors)}")
        values: dict[str, Any] = dict(zip(self.block.inputs, tensors, strict=True))
        for use in self.block.layers:
            operands = [_value(values, ref) for ref in use.inputs]
            values[use.name] = self.get_submodule(use.name)(*operands)
        return _gathered(self.block.output, values)


class Applied(nn.Module):
    """A function of torch as a layer; `bound` has the sizes of the inputs that it asks for."""

    def __init__(self, placed: Placed, bound: Mapping[str, int]) -> None:
        super().__init__()
        self.function = functions()[placed.use.type]
        self.arguments = placed.arguments
        self.bound = bound

    def forward(self, *tensors: torch.Tensor) -> Any:
        """Call the function."""
        target: Any = torch
        for part in self.function.target.split(".")[1:]:
            target = getattr(target, part)
        arguments = {n: _number(value, self.bound) for n, value in self.arguments.items()}
        if self.function.operands is None:
            return target(list(tensors), **arguments)
        return target(*tensors, **arguments)


def _bind(
    bound: dict[str, int],
    patterns: Mapping[str, dims.Shape],
    module: nn.Module,
    tensors: tuple[torch.Tensor, ...],
) -> None:
    """Note the sizes of the inputs, which functions such as `reshape` may ask for."""
    bound.clear()
    for tensor, shape in zip(tensors, patterns.values(), strict=False):
        for size, dim in zip(tensor.shape, shape, strict=False):
            if dim.is_Symbol:
                bound[dim.name] = size


def _value(values: Mapping[str, Any], ref: Ref) -> Any:
    value = values[ref.name]
    return value if isinstance(value, torch.Tensor) else list(_tensors(value))[ref.output]


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for entry in value:
            yield from _tensors(entry)


def _gathered(output: Output, values: Mapping[str, Any]) -> Any:
    match output:
        case Ref():
            return _value(values, output)
        case dict():
            return {name: _value(values, ref) for name, ref in output.items()}
    return tuple(_value(values, ref) for ref in output)


# ---------------------------------------------------------------------------- steps


def _wired(
    block: Block, placed: tuple[Placed, ...], spec: Spec, bound: dict[str, int]
) -> nn.Module:
    kind = type(block.class_name, (Wired,), {"__doc__": f"The block `{block.name}` of a spec."})
    module: nn.Module = kind(block, [_step(entry, spec, bound) for entry in placed])
    return module


def _step(placed: Placed, spec: Spec, bound: dict[str, int]) -> nn.Module:
    use = placed.use
    if placed.kind == "Sequential":
        return nn.Sequential(*(_step(child, spec, bound) for child in placed.children))
    if use.type in spec.blocks:
        return _wired(spec.blocks[use.type], placed.children, spec, bound)
    if use.type in modules():
        return _module(placed)
    kind = type(use.type, (Applied,), {"__doc__": f"The function `{use.type}` of a spec."})
    module: nn.Module = kind(placed, bound)
    return module


def _module(placed: Placed) -> nn.Module:
    arguments = {n: _number(value, {}) for n, value in placed.arguments.items()}
    try:
        module: nn.Module = getattr(nn, placed.use.type)(**arguments)
    except (TypeError, ValueError, RuntimeError, AssertionError) as error:
        wrong(placed.use.place, f"torch does not build this {placed.use.type}: {error}")
    return module


def _require_numbers(placed: tuple[Placed, ...], inputs: Iterable[Input]) -> None:
    needs = list(_needs(placed, inputs))
    if needs:
        leaf, text, _ = needs[0]
        symbols = dict.fromkeys(symbol for _, _, needed in needs for symbol in needed)
        sizes = ", ".join(f"{symbol!r}: ..." for symbol in symbols)
        wrong(leaf.use.place, f"{text}: a module needs numbers, sizes={{{sizes}}}")


def _needs(
    placed: tuple[Placed, ...], inputs: Iterable[Input]
) -> Iterator[tuple[Placed, str, list[str]]]:
    """Yield the layers that need numbers, what for, and for which symbols.

    Constructors need them for all symbols, functions for those that the inputs do not show.
    """
    shown = {str(dim) for tensor in inputs for dim in tensor.shape if dim.is_Symbol}
    for leaf in _leaves(placed):
        for name, value in leaf.arguments.items():
            entries = value if isinstance(value, tuple) else (value,)
            formulas = [entry for entry in entries if hasattr(entry, "free_symbols")]
            symbols = [str(symbol) for symbol in dims.symbols_of(formulas)]
            if leaf.use.type in functions():
                symbols = [symbol for symbol in symbols if symbol not in shown]
            if symbols:
                formula = ", ".join(map(dims.format_dim, formulas))
                yield leaf, f"{name} of layer '{leaf.name}' is {formula}", symbols


def _leaves(placed: tuple[Placed, ...]) -> Iterator[Placed]:
    for entry in placed:
        if entry.children:
            yield from _leaves(entry.children)
        else:
            yield entry


def _number(value: Any, bound: Mapping[str, int]) -> Any:
    """Return a parameter as torch takes it."""
    if isinstance(value, tuple):
        return tuple(_number(entry, bound) for entry in value)
    return dims.evaluate(value, bound) if hasattr(value, "free_symbols") else value
