"""Mistakes of linear layers."""

from __future__ import annotations

from shapecalc.diagnose.cause import (
    ancestors,
    derivations,
    factors,
    name_of,
    producer,
    setter,
    shape_of,
)
from shapecalc.diagnose.edits import Rebuild
from shapecalc.diagnose.inputs_that_fit import feed
from shapecalc.diagnose.paddings import paddings
from shapecalc.diagnose.rule import Draft, mistake
from shapecalc.diagnose.subject import Mistake
from shapecalc.ops.linear import Linear


@mistake("SC101", "linear_in_features")
def linear_in_features(m: Mistake) -> Draft | None:
    """A Linear layer is built for another number of features than it receives.

    A Linear multiplies rows of `in_features` numbers. After a flatten, that number is the product
    of the channels and of the height and width that are left, so it changes with the size of the
    image, and with every padding and stride before it. Either the image or the layer is wrong.

    Wrong:
        nn.Sequential(nn.Conv2d(1, 8, 3), nn.Flatten(), nn.Linear(8 * 28 * 28, 10))  # of 28x28
    Right:
        nn.Sequential(nn.Conv2d(1, 8, 3), nn.Flatten(), nn.Linear(8 * 26 * 26, 10))
    """
    layer = m.layer
    if layer is None or not isinstance(layer.op, Linear) or m.raw.demand is None:
        return None
    source = layer.sources[0]
    arriving = layer.in_shapes[0]
    subject = m.subject
    got, expected = subject.number(arriving[-1]), subject.number(layer.op.in_features)
    product = factors(subject, source)
    shown = f"{got} = {product}" if product and "*" in product else str(got)
    because = [f"what arrives is {subject.shape(arriving)}"]
    flat = producer(subject, source)
    if product and flat is not None:
        because = [f"{flat.kind.lower()} of {subject.shape(flat.in_shapes[0])}"]
        before = next((s for s in flat.sources if s is not None), None)
        inner = shape_of(subject, before)
        because += derivations(subject, before, range(2, len(inner or ())))
    origin = setter(subject, source, arriving[-1])
    return Draft(
        message=f"{m.op} expects in_features = {expected}, receives {shown}",
        argument="in_features",
        got=got,
        expected=expected,
        because=tuple(dict.fromkeys(because)),
        candidates=(
            *feed(m),
            Rebuild(layer=m.raw.layer, argument="in_features", value=got),
            *(paddings(subject, ancestors(subject, source)) if "*" in product else ()),
        ),
        root=("size", name_of(subject, origin), got, expected),
    )
