"""The `forward` of a written module: which variable holds what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shapecalc.spec.build_graph import Placed, refs
from shapecalc.spec.schema import Block, Ref

TAKEN = frozenset({"self", "torch", "nn", "Tensor"})
"""Names that the written code uses itself."""


def variables(block: Block) -> dict[str, str]:
    """Return the variable of every layer in `forward`: `x` where only the next one reads it."""
    names = {name: f"{name}_" if name in TAKEN else name for name in block.inputs}
    readers: dict[str, list[int]] = {}
    for n, use in enumerate(block.layers):
        for ref in use.inputs:
            readers.setdefault(ref.name, []).append(n)
    for ref in refs(block.output):
        readers.setdefault(ref.name, []).append(len(block.layers))
    all_names = {*block.inputs, *(use.name for use in block.layers)}
    flow = next(name for name in ("x", "y", "out", "x_") if name not in all_names)
    for n, use in enumerate(block.layers):
        if set(readers.get(use.name, ())) <= {n + 1}:
            names[use.name] = flow
        else:
            names[use.name] = f"{use.name}_" if use.name in TAKEN else use.name
    return names


def operand(names: Mapping[str, str], ref: Ref, block: Block, placed: Sequence[Placed]) -> str:
    """Return a variable, or one of the outputs that it holds."""
    name = names[ref.name]
    for use, entry in zip(block.layers, placed, strict=True):
        if use.name == ref.name and entry.several:
            if use.type == "LSTM" and ref.output:
                return f"{name}[1][{ref.output - 1}]"
            return f"{name}[{ref.output}]"
    return name


def returned(block: Block, names: Mapping[str, str], placed: Sequence[Placed]) -> str:
    """Return what `forward` returns."""
    texts = [operand(names, ref, block, placed) for ref in refs(block.output)]
    match block.output:
        case Ref():
            return texts[0]
        case dict() as named:
            pairs = zip(named, texts, strict=True)
            inner = ", ".join(f'"{name}": {text}' for name, text in pairs)
            return f"{{{inner}}}"
    return f"{', '.join(texts)}{',' if len(texts) == 1 else ''}"
