"""A forgotten padding: convolutions that would keep the size of their map."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from shapecalc.diagnose.channels import module_name
from shapecalc.diagnose.edits import Candidate, Rebuild, Rewrite
from shapecalc.diagnose.subject import Subject
from shapecalc.graph import Layer
from shapecalc.ops.convolution import Conv
from shapecalc.trace.tracer import Rewriting

_PLACE = 4  # of `padding` among the arguments of torch.conv2d


def paddings(subject: Subject, way: Iterable[Layer]) -> Iterator[Candidate]:
    """Yield paddings for the convolutions on the way that have none: of one, and of all."""
    bare = {each.index: value for each in way if (value := half(subject, each)) is not None}
    layers = [subject.graph.layers[index] for index in sorted(bare)]
    modules = [each for each in layers if module_name(subject, each) in subject.modules]
    for each in (
        {modules[0].index: modules[0], modules[-1].index: modules[-1]}.values() if modules else ()
    ):
        name, value = module_name(subject, each), bare[each.index]
        text = f"pad {name}: padding={value} keeps the size of its map"
        yield Rebuild(layer=name, argument="padding", value=value, text=text)
    if len(layers) < 2:
        return
    first, *rest = layers
    named = ", ".join(f"{each.name} by {bare[each.index]}" for each in layers)
    yield Rewrite(
        index=first.index,
        text=f"pad every convolution, as with padding=(kernel_size - 1)//2: {named}",
        rewriting=_padded(bare[first.index]),
        also={each.index: _padded(bare[each.index]) for each in rest},
    )


def half(subject: Subject, layer: Layer) -> int | None:
    """Return the padding that keeps the size, where a convolution has none and a kernel for it."""
    op = layer.op
    if not isinstance(op, Conv):
        return None
    number = subject.number
    spans = {number(d * (k - 1)) for k, d in zip(op.kernel_size, op.dilation, strict=True)}
    if len(spans) != 1 or any(number(low + high) for low, high in op.padding):
        return None
    (span,) = spans
    return span // 2 if span and span % 2 == 0 else None


def _padded(value: int) -> Rewriting:
    def rewriting(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if len(args) > _PLACE:
            return func(*args[:_PLACE], value, *args[_PLACE + 1 :], **kwargs)
        return func(*args, **{**kwargs, "padding": value})

    return rewriting
