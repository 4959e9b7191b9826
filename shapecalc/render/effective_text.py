"""An effective receptive field in words: for the picture and for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.render.plain import plain

if TYPE_CHECKING:
    from shapecalc.verify.effective import EffectiveField


def record(field: EffectiveField) -> list[tuple[str, str]]:
    """Return what was measured, as lines of a name and a text."""
    bound = "" if field.exact else ", at most"
    windows = ", ".join(
        f"{plain(name)} from {low} to {high}"
        for name, (low, high) in zip(field.axes, field.box, strict=True)
    )
    lines = [
        ("layer", f"{plain(field.layer) or 'the whole model'} ({plain(field.kind)})"),
        ("output", _output(field)),
        ("input", f"{plain(field.input)}, {times(field.sizes)} {unit(field)}"),
        ("theoretical window", f"{times(field.size)} {unit(field)}{bound}: {windows}"),
        ("effective size", effective(field)),
        ("inside half the window", f"{percent(field.inside_half)} of the gradient"),
        ("measured", f"the mean of |gradient| over {field.images} random inputs"),
    ]
    if field.signed:
        lines.append(("channels", "added with random signs, since their plain sum is constant"))
    return lines


def title(field: EffectiveField) -> str:
    """Return the question that the picture answers.

    >>> from types import SimpleNamespace
    >>> title(SimpleNamespace(output=(7, 7), layer="layer3", model="ResNet"))
    'Which inputs matter to output (7, 7) of layer3?'
    """
    output = f"output {_index(field)}" if field.output else "the output"
    name = plain(field.layer or field.model)
    return f"Which inputs matter to {output} of {'layer ' if name.isdecimal() else ''}{name}?"


def subtitle(field: EffectiveField) -> str:
    """Return how the picture was made."""
    weights = f", {field.weights} weights" if field.weights else ""
    signs = ", channels with random signs" if field.signed else ""
    projected = f", added up over {plain(field.axes[0])}" if len(field.axes) > 2 else ""
    return (
        f"{plain(field.model)}{weights}: |gradient|, the mean over {field.images} random inputs "
        f"of {times(field.sizes)}{projected}{signs}"
    )


def theoretical(field: EffectiveField) -> str:
    """Return the size of the theoretical window."""
    bound = "" if field.exact else "at most "
    return f"theoretical receptive field: {bound}{times(field.size)} {unit(field)}"


def half(field: EffectiveField) -> str:
    """Return how much of the gradient is inside half the window."""
    return f"half of it in each direction: {percent(field.inside_half)} of the gradient is inside"


def effective(field: EffectiveField) -> str:
    """Return the effective size, with what counts as inside."""
    side, rank = f"{field.effective_size:.0f}", len(field.sizes)
    area = side if rank == 1 else f"as large as {' x '.join([side] * rank)}"
    return f"{area}, counting {unit(field)} above 4.55 % of the largest"


def unit(field: EffectiveField) -> str:
    """Return what the input consists of."""
    return {1: "elements", 2: "pixels"}.get(len(field.sizes), "voxels")


def times(sizes: tuple[int, ...]) -> str:
    """Return sizes as people write them.

    >>> times((224, 224))
    '224 x 224'
    """
    return " x ".join(map(str, sizes))


def percent(share: float) -> str:
    """Return a share in percent, in as many digits as say something.

    >>> percent(0.8531), percent(0.0455), percent(1.0), percent(0.9996)
    ('85 %', '4.5 %', '100 %', 'over 99.9 %')
    """
    if share > 1 - 1e-9:
        return "100 %"
    if share > 0.999:
        return "over 99.9 %"
    return f"{100 * share:.{0 if 0.1 <= share < 0.99 else 1}f} %"


def _index(field: EffectiveField) -> str:
    index = ", ".join(map(str, field.output))
    return index if len(field.output) == 1 else f"({index})"


def _output(field: EffectiveField) -> str:
    if not field.output:
        return "all of it: there is one position"
    return f"{_index(field)} of {times(field.outputs)}, counted from 0, all channels added"
