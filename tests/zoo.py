"""Real models with a record of what their forward passes did, where it is at hand.

`python -m tests.zoo` analyses them all, prints what is wrong, and then the table of the README.
Where a size depends on data, any number of the record is right in its place.
"""

from __future__ import annotations

import gzip
import importlib
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import nn

import shapecalc
from shapecalc.at import At
from shapecalc.graph import shapes_in

PLACE = Path(__file__).parents[2] / "shared" / "zoo"
LETTERS = {1: "L", 2: "HW", 3: "DHW"}
NEED_VALUES = {"x:EncodecModel"}  # Python asks for the stride, which is a buffer

PACKAGES = ("torchvision", "transformers")

Record = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Real:
    """One model, the shapes that it was given, and the record of what it did."""

    package: str
    name: str
    build: Callable[[], nn.Module]
    shapes: tuple[tuple[int, ...], ...]
    tags: tuple[str, ...]
    record: Record

    def __str__(self) -> str:
        return f"{self.package} {self.name}"

    @cached_property
    def module(self) -> nn.Module:
        """The model, on the meta device where it can be built there."""
        if self.name not in NEED_VALUES:
            try:
                with torch.device("meta"):
                    return self.build().eval()
            except (RuntimeError, NotImplementedError):  # its constructor asks for values
                pass
        return self.build().eval()

    def sizes(self, shapes: Sequence[Sequence[int]]) -> dict[str, int] | None:
        """Return the sizes of the symbols for such inputs; None where a fixed size differs."""
        found: dict[str, int] = {}
        for pattern, shape in zip(self.patterns, shapes, strict=True):
            for token, size in zip(pattern.split(","), shape, strict=True):
                if token.isdigit():
                    if int(token) != size:
                        return None
                elif found.setdefault(token, size) != size:
                    return None
        return found

    @cached_property
    def patterns(self) -> list[str]:
        """The inputs with N for the batch, and a letter for each size that the probes vary."""
        zoo = importlib.import_module("zoo")
        larger = zoo.vary(self.shapes, self.tags, lambda size: size + 1)
        varied = sorted(
            {
                k
                for s, v in zip(self.shapes, larger, strict=True)
                for k in range(len(s))
                if s[k] != v[k]
            }
        )
        letters = dict(zip(varied, LETTERS.get(len(varied), "DHWXYZ"), strict=False))
        made, known = [], dict[str, int]()
        for shape, moved in zip(self.shapes, larger, strict=True):
            row = []
            for axis, size in enumerate(shape):
                if size != moved[axis]:
                    name = letters[axis]
                    name = name if known.setdefault(name, size) == size else f"{name}{len(known)}"
                    known[name] = size
                    row.append(name)
                else:
                    row.append("N" if axis == 0 and size == 1 else str(size))
            made.append(",".join(row))
        return made

    def analysed(self, images: int = 1) -> shapecalc.Analysis:
        """Analyse the model; a detector takes a list of so many images."""
        if "list-input" in self.tags:
            return shapecalc.analyze(self.module, [self.patterns[0].removeprefix("N,")] * images)
        whole = {int(tag[4:].split(":")[0]) for tag in self.tags if tag.startswith("int=")}
        typed = [p + ":int64" * (n in whole) for n, p in enumerate(self.patterns)]
        if "tuple-input" in self.tags:
            return shapecalc.analyze(self.module, typed)
        names = next((tag[3:].split(",") for tag in self.tags if tag.startswith("kw=")), None)
        pairs = list(zip(names or ["_"] * len(typed), typed, strict=True))
        placed = [pattern for name, pattern in pairs if name == "_"]
        named: dict[str, Any] = {name: pattern for name, pattern in pairs if name != "_"}
        return shapecalc.analyze(self.module, *placed, **named)


@dataclass
class Outcome:
    """How an analysis compares with the record."""

    model: Real
    seconds: float = 0.0
    leaves: int = 0
    wrong: list[str] = field(default_factory=list)
    probes: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    of_data: int = 0  # recorded shapes in the place of sizes that depend on data

    @property
    def ratio(self) -> float:
        """The time of the analysis over that of one forward pass, as recorded."""
        return self.seconds / max(float(self.model.record["t_fwd"]), 1e-4)


def models(only: Iterable[str] = (), packages: Iterable[str] = PACKAGES) -> Iterator[Real]:
    """Yield the models of the open set, or some of them; transformers take long to list."""
    sys.path.insert(0, str(PLACE))
    zoo = importlib.import_module("zoo")
    chosen = json.loads((PLACE / "open.json").read_text())
    for package in packages:
        wanted = {entry["name"] for entry in chosen if entry["package"] == package}
        wanted &= set(only) or wanted
        with gzip.open(PLACE / "truth" / f"{package}.jsonl.gz", "rt") as lines:
            records = {record["name"]: record for record in map(json.loads, lines)}
        for name, build, shapes, tags in zoo.iter_models(package):
            if name in wanted:
                yield Real(package, name, build, shapes, tags, records[name])


def compared(model: Real) -> Outcome:
    """Analyse a model, and compare every leaf call, the outputs and the probes of its record."""
    outcome, listed = Outcome(model), "list-input" in model.tags
    _ = model.module
    began = time.process_time()
    analysis = model.analysed()
    outcome.seconds = time.process_time() - began
    outcome.labels.update(str(layer.label) for layer in analysis.layers)
    analyses = {1: analysis}
    record = model.record
    for key, probe in {
        "": {"shapes": model.shapes, "out": record["out"]},
        **record["probes"],
    }.items():
        if not isinstance(probe, Mapping) or str(probe.get("err", "")).startswith(
            ("skipped", "TimeLimit")
        ):
            continue
        sizes = model.sizes(probe["shapes"])
        if sizes is None:
            continue
        images = sizes.pop("N") if listed else 1
        if images not in analyses:
            analyses[images] = model.analysed(images)
        outcome.probes += 1
        try:
            at = analyses[images].at(**sizes)
        except shapecalc.RejectedInput as error:
            if "out" in probe:
                outcome.wrong.append(f"{key} rejected: {error.reasons[0].splitlines()[0]}")
            continue
        if "out" not in probe:
            outcome.wrong.append(f"{key} accepted: {probe['err']}")
            continue
        ours = [at.shape(shape) for shape in shapes_in(at.graph.output)]
        if at.graph.findings:
            outcome.wrong.append(f"{key} ends: {at.graph.findings[0].message}")
        elif unlike := _matched(ours, list(probe["out"].values()), outcome):
            outcome.wrong.append(f"{key} output: {unlike}")
        if not key:
            _compare_leaves(at, outcome)
    return outcome


def _compare_leaves(at: At, outcome: Outcome) -> None:
    wanted: dict[str, list[Any]] = {}
    for name, _, _, outputs in outcome.model.record["leaves"]:
        wanted.setdefault(name, []).append(outputs)
    ours: dict[str, list[Any]] = {}
    for call in at.graph.calls:
        shapes = [at.shape(shape) for shape in shapes_in(call.outputs)]
        ours.setdefault(call.name, []).append(shapes)
    for name, calls in wanted.items():
        outcome.leaves += len(calls)
        found = ours.get(name, [])
        for real in calls:
            match = next(
                (one for one in found if not _matched(one, real, Outcome(outcome.model))), None
            )
            if match is None:
                outcome.wrong.append(f"{name}: {real}, not {found[:1]}")
            else:
                _matched(match, real, outcome)
                found.remove(match)


def _matched(ours: Sequence[Any], real: Sequence[Any], outcome: Outcome) -> str:
    """Return what differs between two collections of shapes, empty where nothing does."""
    left = [list(shape) for shape in real]
    doubtful = []
    for shape in ours:
        if list(shape) in left:
            left.remove(list(shape))
        elif any(hasattr(size, "free_symbols") for size in shape):
            doubtful.append(shape)
        else:
            return f"{shape}, not among {left[:3]}"
    for shape in doubtful:
        match = next((other for other in left if _may_be(shape, other)), None)
        if match is None:
            return f"{shape}, not among {left[:3]}"
        left.remove(match)
        outcome.of_data += 1
    return f"nothing for {left[:3]}" if left else ""


def _may_be(shape: Sequence[Any], real: Sequence[int]) -> bool:
    return len(shape) == len(real) and all(
        hasattr(size, "free_symbols") or size == number
        for size, number in zip(shape, real, strict=True)
    )


def table(outcomes: Sequence[Outcome]) -> str:
    """Return what the README says of the set."""
    rows = ["| | models | leaf calls | probes | op outputs | proved | time / forward |"]
    rows.append("| --- | --- | --- | --- | --- | --- | --- |")
    for package in dict.fromkeys(o.model.package for o in outcomes):
        rows.append(_row(package, [o for o in outcomes if o.model.package == package]))
    rows.append(_row("all", outcomes))
    return "\n".join(rows)


def _row(name: str, outcomes: Sequence[Outcome]) -> str:
    labels = sum((o.labels for o in outcomes), Counter[str]())
    right = sum(not o.wrong for o in outcomes)
    ratio = statistics.median(o.ratio for o in outcomes)
    return (
        f"| {name} | {right} of {len(outcomes)} right | {sum(o.leaves for o in outcomes):,} "
        f"| {sum(o.probes for o in outcomes)} | {labels.total():,} "
        f"| {labels['proved'] / labels.total():.2%} | {ratio:.2f} |"
    )


def main() -> None:
    """Compare all models, or those named."""
    outcomes = []
    for model in models(sys.argv[1:]):
        outcome = compared(model)
        outcomes.append(outcome)
        about = f"{outcome.seconds:.2f} s, {outcome.ratio:.2f} forwards, {dict(outcome.labels)}"
        print(model, about, f"{outcome.of_data} of data" if outcome.of_data else "", flush=True)
        for wrong in outcome.wrong[:5]:
            print("  WRONG", wrong)
    print(table(outcomes))
    for outcome in sorted(outcomes, key=lambda o: -o.ratio)[:8]:
        print(f"{outcome.model}: {outcome.seconds:.2f} s, {outcome.ratio:.1f} forwards")
    print("of data:", ", ".join(o.model.name for o in outcomes if o.of_data))


if __name__ == "__main__":
    main()
