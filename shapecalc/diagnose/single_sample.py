"""A single sample, fed without a batch axis, to a model that wants a batch.

Convolutions and poolings take one image [C, H, W] as well, so that the first layer to fail is a
later one, and every layer after it fails, too. So such a model is checked on a batch of one.
"""

from __future__ import annotations

from shapecalc.diagnose.built import built_at
from shapecalc.diagnose.edits import Reshaped
from shapecalc.diagnose.finding import Finding, Repair
from shapecalc.diagnose.rule import MISTAKES
from shapecalc.diagnose.subject import Mistake, Subject, mistakes
from shapecalc.graph import InputRef


def batch_of_one(subject: Subject) -> Reshaped | None:
    """Return the batch to feed where a convolution takes an input for a single sample."""
    if not subject.graph.mistakes:
        return None
    for layer in subject.graph.layers:
        kernel, channels = (getattr(layer.op, n, None) for n in ("kernel_size", "in_channels"))
        source = layer.sources[0] if layer.sources else None
        if not isinstance(source, InputRef) or not isinstance(kernel, tuple) or channels is None:
            continue
        x = layer.in_shapes[0]
        if len(x) != len(kernel) + 1 or subject.number(x[0]) != subject.number(channels):
            continue
        if not {str(s) for s in x[0].free_symbols} <= subject.case.sizes.keys():
            continue  # a batch whose size is open
        fed = (1, *subject.case.shapes(subject.case.sizes)[source.name])
        text = f"feed [{', '.join(map(str, fed))}]: {source.name}.unsqueeze(0)"
        return Reshaped(shapes={source.name: fed}, text=text)
    return None


def first_gone(before: Subject, after: Subject) -> Mistake | None:
    """Return the first mistake that a batch repairs, None where a batch makes it no better."""
    left, found = after.graph.mistakes, before.graph.mistakes
    same = {(each.layer, each.message) for each in left}
    gone = next((m for m in mistakes(before) if (m.raw.layer, m.raw.message) not in same), None)
    if gone is None or len(left) > len(found):
        return None
    first = found[0]
    return None if len(left) == len(found) and (first.layer, first.message) in same else gone


def no_batch(m: Mistake, change: Reshaped) -> Finding:
    """Return the finding that the batch axis is missing; `m` is the first that fails without."""
    rule = next(rule for rule in MISTAKES.values() if rule.kind == "input_rank")
    ((name, fed),) = change.shapes.items()
    given = fed[1:]
    shape = f"[{', '.join(map(str, given))}]"
    return Finding(
        code=rule.code,
        kind=rule.kind,
        severity=rule.severity,
        message=f"{m.op or 'the model'} expects a batch, receives a single sample: "
        f"the input {name} is {shape}, without a batch axis",
        layer=m.raw.layer,
        op=m.op,
        argument="input",
        got=given,
        expected=fed,
        because=(
            f"convolutions and poolings take a single sample {shape}, too",
            f"{m.raw.layer or m.op} is the first to fail: {m.raw.message}",
        ),
        built=built_at(m.subject.model, m.raw.layer) if m.module is not None else None,
        used=m.raw.location,
        repairs=(Repair(text=change.text, input=dict(change.shapes)),),
    )
