"""Predicted and observed shapes, side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from shapecalc.at import At
from shapecalc.errors import InputError, PatternError, RejectedInput
from shapecalc.graph import shapes_in
from shapecalc.verify.choose import choose_sizes
from shapecalc.verify.report import (
    Difference,
    FieldDifference,
    FieldRun,
    Run,
    Verification,
    counted,
)

if TYPE_CHECKING:
    from torch import nn

    from shapecalc.analysis import Analysis
    from shapecalc.verify.observe import Observation


def verify(
    analysis: Analysis,
    sizes: Iterable[Sequence[int] | Mapping[str, int]] | None = None,
    *,
    device: str = "cpu",
    seconds: float = 60.0,
    fields: bool = True,
    progress: Callable[[str], None] | None = None,
) -> Verification:
    """Run the real model at sizes that its formulas were not derived from, and compare.

    With `fields`, receptive fields are compared with what really reaches the outputs, too, at
    the smallest of `sizes`.

    Units:
        seconds: how long the forward passes may take when `sizes` are chosen here, and how long
            the comparison of fields may take.

    Raises:
        InputError: the model has no values to run with, or the device is none.
    """
    _check_device(device)
    stated = sizes is not None
    if isinstance(sizes, (str, int, Mapping)):
        raise PatternError(f"{_SIZES}, got {sizes!r}")
    wanted = [_named(analysis, size) for size in sizes] if sizes is not None else None
    runs: list[Run] = []
    differences: list[Difference] = []
    notes: list[str] = []
    began = time.perf_counter()
    for at in wanted if wanted is not None else choose_sizes(analysis):
        if not stated and runs and time.perf_counter() - began > seconds:
            notes.append(f"stopped after {seconds:g} s; give sizes to run others")
            break
        run, found = _one(analysis, real_model(analysis, at, device), at, device)
        runs.append(run)
        differences += found
        if progress is not None:
            progress(run.text)
    field_runs: list[FieldRun] = []
    field_differences: list[FieldDifference] = []
    accepted = [run.sizes for run in runs if run.compared]
    if fields and accepted:
        from shapecalc.verify.fields import verify_fields

        for field_run, wrong in verify_fields(
            analysis, accepted, stated=stated, seconds=seconds, progress=progress
        ):
            field_runs.append(field_run)
            field_differences += wrong
    return Verification(
        runs=tuple(runs),
        differences=tuple(differences),
        field_runs=tuple(field_runs),
        field_differences=tuple(field_differences),
        notes=tuple(notes),
    )


def _one(
    analysis: Analysis, model: nn.Module, sizes: Mapping[str, int], device: str
) -> tuple[Run, list[Difference]]:
    from shapecalc.verify.observe import observe

    predicted: At | None = None
    reason = ""
    try:
        predicted = analysis.at(**sizes)
    except RejectedInput as rejection:
        reason = rejection.reasons[0].split("\n")[0] if rejection.reasons else "rejected"
    began = time.perf_counter()
    seen = observe(model, analysis.patterns, sizes, train=analysis.train, device=device)
    run = Run(sizes=sizes, accepted=not seen.error, seconds=time.perf_counter() - began)
    if predicted is None:
        if seen.error:
            return run, []
        output = f"accepted, with output {seen.output}"
        return run, [Difference(run.text, "", f"rejected ({reason})", output)]
    if seen.error:
        return run, [
            Difference(run.text, "", f"accepted, with output {predicted.output}", seen.error)
        ]
    calls = list(_compare_calls(predicted, seen, run.text))
    compare_ops = _compare_events if predicted.graph.events else _compare_layers
    ops, skipped, compared = compare_ops(predicted, seen, run.text)
    run = replace(
        run,
        compared=True,
        module_calls=len(predicted.modules),
        op_outputs=compared,
        not_compared=skipped,
    )
    return run, calls + ops


def _compare_calls(predicted: At, seen: Observation, at: str) -> Iterator[Difference]:
    expected, known = predicted.modules, {call.name for call in predicted.modules}
    # a spec has one call of a layer such as nn.Transformer, and none of the modules within it
    within = tuple(f"{call.name}." for call in expected if call.leaf)
    # the functions of a spec are modules of the one that is built from it: `_compare_layers`
    functions = set() if predicted.graph.events else {layer.name for layer in predicted.layers}
    left_out = functions - known
    observed = [
        call
        for call in seen.calls
        if call is not None
        and call.name not in left_out
        and (call.name in known or not call.name.startswith(within))
    ]
    if len(expected) != len(observed):
        yield Difference(at, "", f"{len(expected)} module calls", f"{len(observed)}")
    for call, real in zip(expected, observed, strict=False):
        if (call.name, call.kind) != (real.name, real.kind):
            yield Difference(
                at, call.name, f"a call of {call.kind} here", f"{real.name}: {real.kind}"
            )
            return
        pairs = (("inputs", (call.inputs, call.keywords), real.inputs),
                 ("outputs", call.outputs, real.outputs))  # fmt: skip
        for what, ours, theirs in pairs:
            if not same_structure(ours, theirs):
                yield Difference(at, call.name, f"{what} {ours}", f"{theirs}")


def same_structure(predicted: Any, observed: Any) -> bool:
    """Tell whether two nested structures hold equal shapes in equal places.

    A size that is still a symbol depends on data: any number may stand in its place.
    """
    if isinstance(predicted, Mapping):
        return (
            isinstance(observed, Mapping)
            and list(predicted) == list(observed)
            and all(same_structure(predicted[key], observed[key]) for key in predicted)
        )
    if isinstance(predicted, (tuple, list)):
        return (
            isinstance(observed, (tuple, list))
            and len(predicted) == len(observed)
            and all(map(same_structure, predicted, observed))
        )
    if hasattr(predicted, "free_symbols") and predicted.free_symbols:
        return isinstance(observed, int) or hasattr(observed, "free_symbols")
    if isinstance(predicted, int) or hasattr(predicted, "free_symbols"):
        return bool(predicted == observed)
    return True  # not a tensor: a flag, a name, None


def _compare_events(predicted: At, seen: Observation, at: str) -> tuple[list[Difference], int, int]:
    """Compare op outputs in the order of the torch calls; return also the numbers left out."""
    ours, theirs = predicted.graph.events, seen.events
    names = [name for name, _ in ours], [name for name, _ in theirs]
    if names[0] == names[1]:
        pairs: Iterable[tuple[int, int]] = zip(range(len(ours)), range(len(theirs)), strict=True)
    else:
        blocks = SequenceMatcher(None, names[0], names[1], autojunk=False).get_matching_blocks()
        pairs = [(a + n, b + n) for a, b, size in blocks for n in range(size)]
    differences, compared = [], 0
    for place, other in pairs:
        number = ours[place][1]
        if number is None:
            continue
        layer, shapes = predicted.layers[number], theirs[other][1]
        compared += 1
        if not shapes:  # it returned no tensor, as __setitem__
            continue
        if not same_structure(layer.out_shapes, shapes):
            differences.append(Difference(at, layer.name, f"{layer.out_shapes}", f"{shapes}"))
    skipped = sum(number is not None for _, number in ours) - compared
    return differences, skipped, compared


def _compare_layers(predicted: At, seen: Observation, at: str) -> tuple[list[Difference], int, int]:
    """Compare the outputs of a spec's layers, each of which is a module when it is built."""
    observed = {call.name: call for call in reversed(seen.calls) if call is not None}
    differences, compared = [], 0
    for layer in predicted.layers:
        if layer.name not in observed:
            continue
        compared += 1
        shapes = tuple(shapes_in(observed[layer.name].outputs))
        if not same_structure(layer.out_shapes, shapes):
            differences.append(Difference(at, layer.name, f"{layer.out_shapes}", f"{shapes}"))
    return differences, len(predicted.layers) - compared, compared


def _check_device(name: str) -> None:
    import torch

    try:
        device = torch.empty(1, device=name).device
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        why = str(error).split("\n")[0]
        raise InputError(f"the device {name!r} cannot be used: {why}") from error
    if device.type == "meta":
        raise InputError("nothing runs on the meta device: choose one with values, such as cpu")


def real_model(analysis: Analysis, sizes: Mapping[str, int], device: str) -> nn.Module:
    """Return the model with values on a device.

    A spec is built, and a model that would be changed by running it there is copied.

    Raises:
        InputError: the model is on the meta device.
    """
    import torch

    from shapecalc.trace.run import copied, is_lazy

    source = analysis.source
    if not isinstance(source, torch.nn.Module):
        from shapecalc import spec

        return spec.module(source, sizes).to(device)
    tensors = [*source.parameters(), *source.buffers()]
    if any(tensor.is_meta for tensor in tensors):
        raise InputError("the model is on the meta device: a real run needs one with values")
    wanted = torch.empty(0, device=device).device
    if is_lazy(source) or any(tensor.device != wanted for tensor in tensors):
        return copied(source).to(device)
    return source


_SIZES = "sizes are several, each a tuple or a mapping, such as [(224, 224), (97, 64)]"


def _named(analysis: Analysis, sizes: Sequence[int] | Mapping[str, int]) -> dict[str, int]:
    """Return sizes by symbol; a tuple is for the last symbols of the inputs."""
    symbols = [str(symbol) for symbol in analysis.graph.symbols]
    parameters = {name: analysis.graph.hint[name] for name in analysis.symbols[len(symbols) :]}
    if isinstance(sizes, Mapping):
        named = {str(name): size for name, size in sizes.items()}
    else:
        if isinstance(sizes, (str, int)):
            raise PatternError(f"{_SIZES}, got {sizes!r} for one of them")
        if len(sizes) > len(symbols):
            known = f"{counted(len(symbols), 'symbol')}: {', '.join(symbols) or 'none'}"
            raise PatternError(f"{counted(len(sizes), 'size')} given, the inputs have {known}")
        named = dict(zip(symbols[len(symbols) - len(sizes) :], sizes, strict=True))
    missing = [name for name in symbols[1:] if name not in named]
    if missing:  # only the first one, which as a rule is the batch, has a size of its own accord
        given = ", ".join(f"{name}={size}" for name, size in named.items()) or "none"
        raise PatternError(f"a size is missing for {', '.join(missing)}: given is {given}")
    return {name: named.pop(name, 2) for name in symbols} | parameters | named
