"""Linear layers and tables: a dot product, a row."""

from __future__ import annotations

from torch import nn

from shapecalc.explain.call import Call, explains, number
from shapecalc.explain.explanation import Made, Part, Step, Sum, Term


@explains(nn.Linear)
def linear(call: Call) -> Made:
    """Explain a linear layer: y[j] = bias[j] + sum of x[i]*weight[j, i].

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Linear.html
    """
    *row, feature = call.element
    x = call.x[tuple(row)]
    weight = call.module.weight.detach()[feature]
    dot = Sum.of(f"x times row {feature} of the weight", x, weight)
    parts: list[Part] = [dot]
    value, size = dot.total, dot.size
    if call.module.bias is not None:
        bias = number(call.module.bias.detach()[feature])
        terms = (Term(value=dot.total, name="products"), Term(value=bias, name="bias"))
        total = Sum.adding("value", terms)
        parts.append(total)
        value, size = total.total, size + abs(bias)
    names = [*(f"axis {axis}" for axis in range(len(row))), "features"]
    indices = [*((index,) for index in row), range(x.numel())]
    return Made(reads=call.reads(names, indices), parts=tuple(parts), value=value, size=size)


@explains(nn.Embedding)
def embedding(call: Call) -> Made:
    """Explain an embedding: the row of the weight with the number that is read.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html
    """
    *place, column = call.element
    row = int(call.x[tuple(place)])
    entry = number(call.module.weight.detach()[row, column])
    meaning = f"row {row} of the weight, since the input is {row}, column {column}"
    step = Step.of("value", "weight", {"weight": entry}, meaning)
    names = (f"axis {axis}" for axis in range(len(place)))
    reads = call.reads(names, ((index,) for index in place))
    return Made(reads=reads, parts=(step,), value=step.value, size=abs(entry))
