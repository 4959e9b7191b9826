"""Mistakes of products of tensors: `einsum`, `matmul` and its like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

from shapecalc import dims
from shapecalc.diagnose.cause import producer, setter
from shapecalc.diagnose.edits import Candidate, Rebuild, Rewrite
from shapecalc.diagnose.paths import block_of, module_of
from shapecalc.diagnose.rule import Draft, mistake
from shapecalc.diagnose.subject import Mistake, Subject
from shapecalc.graph import Layer
from shapecalc.ops.einsum import Einsum
from shapecalc.ops.matmul import MatMul
from shapecalc.trace.tracer import Rewriting


@mistake("SC155", "einsum_size")
def einsum_size(m: Mistake) -> Draft | None:
    """Two tensors are multiplied along an axis that is not equally long in both.

    A letter that stands in two terms of an einsum names one size. A matrix product sums over the
    last axis of the first tensor and the last but one of the second, which have to be equally
    long: for queries and keys [N, T, C], the keys are transposed first.

    Wrong:
        torch.zeros(2, 10, 64) @ torch.zeros(2, 10, 64)
    Right:
        torch.zeros(2, 10, 64) @ torch.zeros(2, 10, 64).transpose(-2, -1)
    """
    layer = m.layer
    if layer is None or m.raw.demand is None:
        return None
    if isinstance(layer.op, Einsum):
        return _of_einsum(m, layer, layer.op.equation)
    if isinstance(layer.op, MatMul):
        return _of_product(m, layer)
    return None


# ---------------------------------------------------------------------------- einsum


def _of_einsum(m: Mistake, layer: Layer, equation: str) -> Draft | None:
    subject = m.subject
    terms, right = _terms(equation)
    places = _places(subject, layer, terms)
    wrong = {name: seen for name, seen in places.items() if len(set(seen.values()) - {1}) > 1}
    if "." in equation or not wrong:
        return None
    name, seen = next(iter(wrong.items()))
    (one, first), (other, second) = list(seen.items())[:2]
    shapes = [subject.shape(shape) for shape in layer.in_shapes]
    swapped = [
        ",".join(others) + f"->{right}"
        for n in range(len(terms))
        for term in _swaps(terms[n])
        if _fits(subject, layer, others := [*terms[:n], term, *terms[n + 1 :]])
    ]
    candidates: list[Candidate] = []
    if len(swapped) == 1:
        candidates.append(
            Rewrite(
                index=layer.index,
                text=f"name the axes as they are: einsum('{swapped[0]}', ...)",
                rewriting=_with_equation(swapped[0]),
            )
        )
    else:
        axes = {n: terms[n].index(name) for n in (one, other)}
        candidates += _made(subject, layer, (other, axes[other]), (one, axes[one]))
        candidates += _made(subject, layer, (one, axes[one]), (other, axes[other]))
    return Draft(
        message=f"einsum '{equation}': {name} is {first} in {terms[one]} = {shapes[one]} "
        f"and {second} in {terms[other]} = {shapes[other]}",
        argument="equation",
        got=second,
        expected=first,
        because=tuple(
            f"{term} is {block_of(subject, source)}, {shape}"
            for term, source, shape in zip(terms, layer.sources, shapes, strict=False)
        ),
        candidates=tuple(candidates),
        root=("product", layer.index),
    )


def _terms(equation: str) -> tuple[list[str], str]:
    """Return the terms of an equation and its right side, as far as it is written."""
    left, _, right = equation.replace(" ", "").partition("->")
    return left.split(","), right


def _places(subject: Subject, layer: Layer, terms: list[str]) -> dict[str, dict[int, int]]:
    """Return for every name its size in every operand that has it."""
    places: dict[str, dict[int, int]] = {}
    for n, (term, shape) in enumerate(zip(terms, layer.in_shapes, strict=False)):
        for name, size in zip(term, shape, strict=False):
            places.setdefault(name, {})[n] = subject.number(size)
    return places


def _fits(subject: Subject, layer: Layer, terms: list[str]) -> bool:
    return all(len(set(seen.values())) == 1 for seen in _places(subject, layer, terms).values())


def _swaps(term: str) -> Iterator[str]:
    """Yield a term with two of its names swapped, in every way."""
    for a, b in combinations(range(len(term)), 2):
        names = list(term)
        names[a], names[b] = names[b], names[a]
        yield "".join(names)


def _with_equation(equation: str) -> Rewriting:
    def rewriting(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return func(equation, *args[1:], **kwargs)

    return rewriting


# ---------------------------------------------------------------------------- matrix products


def _of_product(m: Mistake, layer: Layer) -> Draft | None:
    subject = m.subject
    left, right = layer.in_shapes
    columns, rows = subject.number(left[-1]), subject.number(right[-2:][0])
    if columns == rows:
        return None
    names = [block_of(subject, source) if source else "a weight" for source in layer.sources[:2]]
    candidates: list[Candidate] = []
    if len(right) > 1 and subject.number(right[-1]) == columns:
        candidates.append(_transposing(layer, 1, "second"))
    elif len(left) > 1 and subject.number(left[-2]) == rows:
        candidates.append(_transposing(layer, 0, "first"))
    else:
        inner = max(len(right) - 2, 0)
        candidates += _made(subject, layer, (0, len(left) - 1), (1, inner))
        candidates += _made(subject, layer, (1, inner), (0, len(left) - 1))
    return Draft(
        message=f"{layer.kind} of {subject.shape(left)} and {subject.shape(right)}: the last axis "
        f"of the first is {columns}, the last but one of the second {rows}",
        argument="other",
        got=rows,
        expected=columns,
        because=(
            f"the first is {names[0]}, the second {names[1]}",
            "the sums go over these two axes, so they have to be equally long",
        ),
        candidates=tuple(candidates),
        root=("product", layer.index),
    )


def _transposing(layer: Layer, side: int, which: str) -> Rewrite:
    def rewriting(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        pair = list(args[:2])
        pair[side] = pair[side].transpose(-2, -1)
        return func(*pair, *args[2:], **kwargs)

    text = f"transpose the {which} tensor: .transpose(-2, -1)"
    return Rewrite(index=layer.index, text=text, rewriting=rewriting)


def _made(
    subject: Subject, layer: Layer, place: tuple[int, int], other: tuple[int, int]
) -> list[Candidate]:
    """Return the change by which a layer makes one axis of an operand as long as another one.

    A layer is built for a number of features, not for the length of a sequence.
    """
    (side, axis), (opposite, along) = place, other
    arriving, size = layer.in_shapes[side][axis], layer.in_shapes[opposite][along]
    origin = producer(subject, setter(subject, layer.sources[side], arriving))
    module = module_of(subject, origin) if origin is not None else None
    if origin is None or module is None or not size.is_Integer:
        return []
    for argument in ("out_features", "out_channels", "embedding_dim"):
        declared = getattr(origin.op, argument, None)
        if declared is not None and dims.as_dim(declared) == arriving:
            return [Rebuild(layer=module[0], argument=argument, value=int(size))]
    return []
