"""`shapecalc field --effective`: how much of what an output can see matters to it, as a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from shapecalc.cli.options import read_arguments, read_inputs
from shapecalc.cli.output import emit, quiet, save, say
from shapecalc.cli.show import report
from shapecalc.errors import InputError

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis

_SEED = 0


def refuse_others(options: Mapping[str, object]) -> None:
    """Refuse options that say nothing about the picture.

    Raises:
        InputError: one of them is given.
    """
    for option, given in options.items():
        if given:
            raise InputError(f"{option} does not go with --effective: leave one of them out")


def draw(
    target: str,
    inputs: tuple[str, ...],
    arguments: tuple[str, ...],
    picture: str,
    layer: str | None,
    at: tuple[int, ...] | None,
    sizes: Callable[[Analysis], Mapping[str, int]],
) -> None:
    """Measure the effective receptive field of one output element, draw it and print it.

    `sizes` returns those that were asked for, by symbol.

    Raises:
        InputError: it cannot be measured or drawn; nothing is written.
    """
    if not picture.lower().endswith(".png"):
        raise InputError(f"--effective {picture!r}: expected the name of a PNG file, as out.png")
    positional, keywords = read_inputs(inputs)
    named = read_arguments(arguments)
    import torch

    from shapecalc.analysis import analyze
    from shapecalc.render import effective_text, heat_map
    from shapecalc.target import load_target
    from shapecalc.verify.effective import effective_field

    with quiet(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)  # the same picture every time
        loaded = load_target(target, named, values=True)
        analysis = analyze(loaded.model, *positional, train=False, **keywords)
        report(analysis)
        weights = "initial" if loaded.initial else ""
        found = effective_field(analysis, layer, at, weights=weights, **sizes(analysis))
    for note in loaded.notes:
        say(f"note: {note}")
    save(heat_map.png(found), picture)
    initial = f"initial, not trained: random, from seed {_SEED}"
    lines = [
        *effective_text.record(found),
        ("weights", initial if loaded.initial else f"as {target} has them"),
        ("picture", picture),
    ]
    width = max(len(name) for name, _ in lines)
    emit("".join(f"{name:<{width}}  {text}\n" for name, text in lines))
