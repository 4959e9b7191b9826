"""`shapecalc field`: what every output sees of an input, and which outputs see a pixel."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

import click

from shapecalc.cli.effective import draw, refuse_others
from shapecalc.cli.options import (
    analyzed,
    model_options,
    no_layer,
    on_path_at,
    output_option,
    read_at,
    read_indices,
)
from shapecalc.cli.output import emit, terminal
from shapecalc.cli.show import report
from shapecalc.errors import InputError

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis
    from shapecalc.graph import Layer, ModuleCall

Format: TypeAlias = Literal["text", "json", "markdown", "csv"]


@click.command()
@model_options
@click.option(
    "--depth", type=click.IntRange(min=1), default=3, show_default=True, help="Levels of modules."
)
@click.option(
    "--size", metavar="SIZE", help="Everything at one size of the input: 224x224 or H=224,W=224."
)
@click.option("--layer", "name", metavar="NAME", help="All that is known of one op or module.")
@click.option(
    "--call", type=click.IntRange(min=1), help="Which call of the layer, where it has several."
)
@click.option(
    "--at", "output_index", metavar="INDICES", help="What output 7,7 of the layer sees, at a size."
)
@click.option("--pixel", metavar="INDICES", help="Which outputs see pixel 100,120, at a size.")
@click.option(
    "--effective",
    "picture",
    metavar="FILE.png",
    help="Draw how much each pixel matters to one output, with the weights of the model.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown", "csv"]),
    default="text",
    show_default=True,
)
@output_option
def field(
    target: str,
    inputs: tuple[str, ...],
    arguments: tuple[str, ...],
    train: bool,
    depth: int,
    size: str | None,
    name: str | None,
    call: int | None,
    output_index: str | None,
    pixel: str | None,
    picture: str | None,
    form: Format,
    output: str | None,
) -> None:
    """Show the receptive field of every layer of TARGET.

    \b
    shapecalc field torchvision.models:resnet50
    shapecalc field MODEL --size 224x224
    shapecalc field MODEL --layer layer3
    shapecalc field MODEL --layer layer3 --at 7,7 --size 224x224
    shapecalc field MODEL --pixel 100,120 --size 224x224
    shapecalc field MODEL --layer layer3 --effective out.png
    """  # noqa: D301  # \b keeps click from wrapping the examples
    index = None if output_index is None else read_indices(output_index, "--at")
    place = () if pixel is None else read_indices(pixel, "--pixel")
    wanted = None if size is None else read_size(size)
    if picture is not None:
        others = {"--call": call, "--pixel": pixel, "--train": train, "-o": output}
        refuse_others({**others, "--format": form != "text"})
        draw(target, inputs, arguments, picture, name, index, partial(named_sizes, wanted=wanted))
        return
    _check(name, call, index, place, form)
    analysis = analyzed(target, inputs, arguments, train=train)
    sizes: dict[str, int] = {}
    if (wanted is not None or index is not None or place) and not analysis.graph.findings:
        option = "--at" if index is not None else "--pixel" if place else "--size"
        given = _complete(analysis, wanted, option)
        sizes = {symbol: given[symbol] for symbol in analysis.symbols if symbol in given}
        # other sizes may take another path through the model, with fields of their own
        analysis = on_path_at(analysis, sizes)
    if name is None:
        emit(_table(analysis, form, depth, sizes, place, output), output)
    else:
        records = _records(analysis, name, call)
        if index is None:
            emit(_layer(records, form, sizes, output), output)
        else:
            emit(_element(records, index, form, sizes, output), output)
    report(analysis)


def _check(
    name: str | None,
    call: int | None,
    index: tuple[int, ...] | None,
    pixel: tuple[int, ...],
    form: Format,
) -> None:
    if name is None and index is not None:
        raise InputError("--at is an output of one layer: give --layer NAME, too")
    if name is None and call is not None:
        raise InputError("--call is for one layer: give --layer NAME, too")
    if name is not None and pixel:
        raise InputError("--pixel is for all layers: leave --layer out")
    if name is not None and form in ("markdown", "csv"):
        raise InputError(f"--layer has no form as {form}: choose text or json")


def read_size(text: str) -> tuple[int, ...] | dict[str, int]:
    """Return one size of the input.

    >>> read_size("224x224"), read_size("H=224,W=225")
    ((224, 224), {'H': 224, 'W': 225})
    """
    if "=" in text:
        return read_at(text, "--size")
    if not re.fullmatch(r"\d+(x\d+)*", text.strip()):
        raise InputError(f"--size {text!r}: expected a size such as 224x224 or H=224,W=224")
    return tuple(map(int, text.strip().split("x")))


def _complete(
    analysis: Analysis, wanted: tuple[int, ...] | Mapping[str, int] | None, option: str
) -> dict[str, int]:
    """Return a size for every symbol; a tuple is for the last axes of positions."""
    from shapecalc.receptive_field.sizes import complete_sizes

    graph = analysis.graph
    named = named_sizes(analysis, wanted)
    if wanted is None:
        try:
            return complete_sizes(graph, {})
        except InputError:
            raise InputError(f"{option} is for one size of the input: give --size, too") from None
    return complete_sizes(graph, named)


def named_sizes(
    analysis: Analysis, wanted: tuple[int, ...] | Mapping[str, int] | None
) -> dict[str, int]:
    """Return sizes by symbol; a tuple is for the axes of positions of the first input with them.

    Raises:
        InputError: there are not as many, or one of them is fixed.
    """
    if not isinstance(wanted, tuple):
        return dict(wanted or {})
    from shapecalc.receptive_field.axes import roles

    text = "x".join(map(str, wanted))
    for tensor in analysis.inputs:
        spatial = [tensor.shape[axis] for axis in roles(tensor).spatial]
        if len(spatial) == len(wanted) and all(dim.is_Symbol or dim.is_Integer for dim in spatial):
            pairs = list(zip(spatial, wanted, strict=True))
            fixed = "x".join(map(str, spatial))
            if any(dim.is_Integer and dim != size for dim, size in pairs):
                raise InputError(f"--size {text}: {tensor.name} is {fixed}; --input gives another")
            return {str(dim): size for dim, size in pairs if dim.is_Symbol}
    symbols = [str(symbol) for symbol in analysis.graph.symbols]
    if len(wanted) > len(symbols):
        known = ", ".join(symbols) or "none"
        raise InputError(
            f"--size {text}: {len(wanted)} sizes, the symbols of the inputs are {known}"
        )
    return dict(zip(symbols[-len(wanted) :], wanted, strict=True))


# ---------------------------------------------------------------------------- all layers


def _table(
    analysis: Analysis,
    form: Format,
    depth: int,
    sizes: Mapping[str, int],
    pixel: tuple[int, ...],
    output: str | None,
) -> str:
    from shapecalc.receptive_field.remarks import remarks
    from shapecalc.render import field_tables
    from shapecalc.render.field_sheet import sheets

    found = sheets(analysis, depth=depth, sizes=sizes, pixel=pixel)
    if not found:
        raise InputError("no layer sees an input with positions: there are no receptive fields")
    said = () if pixel or form == "csv" else remarks(analysis, sizes or None)
    match form:
        case "text":
            from shapecalc.render import field_text

            width, color = terminal(output)
            return field_text.table(found, said, width=width, color=color)
        case "json":
            from shapecalc.render import field_json

            return field_json.document(analysis, found, said)
        case "markdown":
            return field_tables.markdown(found, said)
        case "csv":
            return field_tables.csv(found)


# ---------------------------------------------------------------------------- one layer


def _records(analysis: Analysis, name: str, call: int | None) -> Sequence[Layer | ModuleCall]:
    from shapecalc.render.fields import fields_of

    try:
        records = analysis.calls(name)
    except KeyError:
        if any(finding.layer == name for finding in analysis.graph.findings):
            report(analysis)
        known = [layer.name for layer in analysis.layers]
        known += [module.name for module in analysis.modules]
        raise no_layer(name, known) from None
    if not all(getattr(record, "finished", True) for record in records):
        report(analysis)
    if not any(map(fields_of, records)):
        raise InputError(f"no input with positions reaches {name!r}: it has no receptive field")
    if call is None:
        return records
    if call > len(records):
        raise InputError(
            f"{name!r} is called {'once' if len(records) == 1 else f'{len(records)} times'}"
        )
    return records[call - 1 : call]


def _layer(
    records: Sequence[Layer | ModuleCall],
    form: Format,
    sizes: Mapping[str, int],
    output: str | None,
) -> str:
    """Return all that is known of the fields of every call of a layer."""
    if form == "json":
        from shapecalc.render import field_json

        return field_json.layers(records, sizes)
    from shapecalc.render import field_text

    width, color = terminal(output)
    texts = (field_text.layer(record, sizes=sizes, width=width, color=color) for record in records)
    return "\n".join(texts)


def _element(
    records: Sequence[Layer | ModuleCall],
    index: tuple[int, ...],
    form: Format,
    sizes: Mapping[str, int],
    output: str | None,
) -> str:
    """Return what one output element of every call of a layer sees."""
    from shapecalc.render.field_sheet import element

    found = [element(record, index, sizes) for record in records]
    if form == "json":
        from shapecalc.render import field_json

        return field_json.elements(found)
    from shapecalc.render import field_text

    width, color = terminal(output)
    return "\n".join(field_text.element(each, width=width, color=color) for each in found)
