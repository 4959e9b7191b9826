"""Every kind of finding on a broken and a repaired model, with torch as the oracle.

pytest tests/test_diagnosis.py -s    # prints the table of kinds, found and repaired
"""

from __future__ import annotations

import contextlib
import importlib
import itertools
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from shapecalc import analyze, dims
from shapecalc.diagnose import Diagnosis, Finding, Repair, check
from shapecalc.diagnose import diagnosis as engine
from shapecalc.diagnose.edits import Candidate, Recall, Rewrite, rebuilt
from shapecalc.diagnose.rule import ADVICE, MISTAKES, WARNINGS, Rule
from shapecalc.inputs import Pattern, fill, parse_inputs, parse_pattern
from shapecalc.trace.infer_inputs import positional_names
from shapecalc.trace.queries import QUERIES
from shapecalc.trace.symbolic_tensor import DTYPES
from tests import diagnosis_pairs
from tests.diagnosis_pairs import Pair
from tests.diagnosis_pairs.several import SEVERAL, Several
from tests.recalling import built_with, recalling

LARGE = 50_000_000  # parameters, beyond which a model runs on meta
SYMBOL = 2  # what a symbol counts in a real run

FILES = [
    importlib.import_module(f"{diagnosis_pairs.__name__}.{found.name}")
    for found in pkgutil.iter_modules(diagnosis_pairs.__path__)
]
PAIRS: list[Pair] = [pair for file in FILES for pair in getattr(file, "PAIRS", [])]
RULES: dict[str, Rule] = {**MISTAKES, **WARNINGS, **ADVICE}
ONLY = {  # kinds without a pair, and why
    "shape": "explains what no other rule does",
    "constructor": "there is no model; see test_check_cli.py",
}


# ---------------------------------------------------------------------------- real runs


def device_of(model: nn.Module) -> str:
    sizes = [p.numel() for p in model.parameters() if not torch.nn.parameter.is_lazy(p)]
    return "meta" if sum(sizes) > LARGE else "cpu"


def tensor(pattern: Pattern, device: str) -> torch.Tensor:
    """Return small random values of a pattern's shape; whole numbers are 0 and 1."""
    names = map(str, dims.symbols_of(pattern.shape))
    sizes = dict.fromkeys(names, SYMBOL)
    shape = [dims.evaluate(dim, sizes) for dim in pattern.shape]
    dtype = DTYPES[pattern.dtype]
    if dtype.is_floating_point or dtype.is_complex:
        return torch.rand(shape, dtype=dtype, device=device)
    return torch.randint(0, 2, shape, device=device).to(dtype)


def run(
    model: nn.Module,
    inputs: Sequence[Any],
    options: Mapping[str, Any],
    *,
    fed: Mapping[str, tuple[Any, ...]] | None = None,
    within: Rewriting | None = None,
) -> Any:
    """Run a model for real, with its loss where one is named; `fed` are other input shapes.

    The model and the loss, and nothing else, run `within` a rewriting of their calls.
    """
    device = device_of(model)
    model = model.to(device).train(bool(options.get("train")))
    names = positional_names(model)
    patterns = parse_inputs(inputs, options.get("inputs", {}), names)

    def made(pattern: Pattern) -> torch.Tensor:
        if fed and pattern.name in fed:
            shape = ",".join(map(str, fed[pattern.name]))
            pattern = replace(parse_pattern(shape, pattern.name), dtype=pattern.dtype)
        return tensor(pattern, device)

    args, kwargs = fill(patterns, made)
    wanted = tensor(parse_pattern(options["target"]), device) if "loss" in options else None
    with torch.no_grad(), within or contextlib.nullcontext():
        out = model(*args, **kwargs)
        if wanted is not None:
            out = getattr(torch.nn.functional, options["loss"])(out, wanted)
    return out


class Rewriting(TorchFunctionMode):
    """Writes calls of a real run otherwise: those that a trace has as layers."""

    def __init__(self, ways: dict[int, Any], events: Sequence[tuple[str, int | None]]) -> None:
        super().__init__()
        self.events, self.left = iter(events), ways

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func is torch.Tensor.__iter__:  # one call of unbind, as in a trace
            with self:
                return iter(args[0].unbind(0))
        if func not in QUERIES and self.left:
            _, layer = next(self.events, ("", None))
            if layer is not None and layer in self.left:
                return self.left.pop(layer)(func, args, dict(kwargs or {}))
        return func(*args, **(kwargs or {}))


def runs(function: Callable[[], Any]) -> bool:
    try:
        function()
    except Exception:
        return False
    return True


def apply(model: nn.Module, repairs: Sequence[Repair]) -> dict[str, tuple[Any, ...]]:
    """Build the layers of a model as repairs say; return the shapes that they say to feed."""
    fed: dict[str, tuple[Any, ...]] = {}
    for repair in repairs:
        if repair.layer:
            parent, _, name = repair.layer.rpartition(".")
            old = model.get_submodule(repair.layer)
            new = rebuilt(old, **{repair.argument: repair.value}).to_empty(device="cpu")
            setattr(model.get_submodule(parent), name, new)
        fed |= repair.input or {}
    return fed


@dataclass
class Checked:
    """A diagnosis, and the candidate behind each of the repairs that it prints."""

    diagnosis: Diagnosis
    candidates: list[tuple[Repair, Candidate]] = field(default_factory=list)
    recalls: dict[int, Any] = field(default_factory=dict)  # of the last rewriting

    def rewriting(self, repairs: Sequence[Repair]) -> Rewriting:
        """Return what some of the repairs make of a real run, where they write calls otherwise."""
        subject = self.diagnosis.subject
        made = {
            id(repair): c for repair in repairs for other, c in self.candidates if other == repair
        }
        self.recalls = {
            each.index: each.recalling for each in made.values() if isinstance(each, Recall)
        }
        changes = [each.rewritings for each in made.values() if isinstance(each, Rewrite)]
        events = subject.graph.events if subject else ()
        return Rewriting({n: way for each in changes for n, way in each.items()}, events)


@contextlib.contextmanager
def candidates_seen() -> Iterator[list[tuple[Repair, Candidate]]]:
    """List which candidate each printed repair was made of."""
    seen: list[tuple[Repair, Candidate]] = []
    original = engine._Check._repair

    def noted(self: Any, candidate: Candidate, tried: str) -> Repair:
        repair = original(self, candidate, tried)
        seen.append((repair, candidate))
        return repair

    engine._Check._repair = noted  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        engine._Check._repair = original  # type: ignore[method-assign]


def checked(model: Any, inputs: Sequence[Any], options: Mapping[str, Any]) -> Checked:
    given = dict(options)
    keywords = given.pop("inputs", {})
    with candidates_seen() as seen:
        return Checked(check(model, *inputs, **given, **keywords), seen)


def works(make: Callable[[], nn.Module], pair: Pair, found: Checked, repair: Repair) -> bool:
    """Tell whether a repair, applied for real, makes the model run."""
    model = built(make)
    if model is None:  # its constructor raises
        model, fed = built_with(make, {repair.argument: repair.value}), {}
    else:
        fed = apply(model, [repair])
    mode = found.rewriting([repair])
    with recalling(found.recalls):
        ran = runs(lambda: run(model, pair.inputs, pair.options, fed=fed, within=mode))
    return ran and not mode.left and not found.recalls


# ---------------------------------------------------------------------------- every pair


def severities(kind: str) -> set[str]:
    """Return how severe a kind may be: some mistakes torch raises at some sizes alone."""
    return {rule.severity for rule in RULES.values() if rule.kind == kind} or {"error"}


def built(make: Callable[[], nn.Module]) -> nn.Module | None:
    """Return a model, None where its constructor raises."""
    torch.manual_seed(0)
    try:
        return make()
    except Exception:
        return None


def of_kind(diagnosis: Diagnosis, kind: str) -> list[Finding]:
    return [finding for finding in diagnosis.findings if finding.kind == kind]


def options_of(pair: Pair) -> dict[str, Any]:
    """Return the options of a pair; advice has to be asked for."""
    extra = {"advice": True} if severities(pair.kind) == {"note"} else {}
    return {**extra, **pair.options}


FOUND: dict[str, tuple[int, int]] = {}  # model with several mistakes: made, found
TABLE: dict[str, list[tuple[bool, int, int]]] = {}  # kind: found, printed repairs, those that work


def named(pair: Pair) -> str:
    number = [other for other in PAIRS if other.kind == pair.kind].index(pair)
    return f"{pair.kind}-{number}"


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    """Print which kinds were found, and how many of the printed repairs work."""
    yield
    if not TABLE:
        return
    width = max(map(len, TABLE))
    print(f"\n\n{'kind':{width}}  pairs  found  repairs  that work")
    for kind, rows in sorted(TABLE.items()):
        found, printed, working = (sum(column) for column in zip(*rows, strict=True))
        print(f"{kind:{width}}  {len(rows):5}  {found:5}  {printed:7}  {working:9}")
    print(f"\n{'several mistakes':{width}}   made  found")
    for name, (made, found) in FOUND.items():
        print(f"{name:{width}}  {made:5}  {found:5}")


@pytest.mark.parametrize("pair", PAIRS, ids=named)
def test_torch_raises_on_what_is_broken(pair: Pair) -> None:
    model = built(pair.broken)
    raised = model is None or not runs(lambda: run(model, pair.inputs, pair.options))
    assert raised == pair.raises


@pytest.mark.parametrize("pair", PAIRS, ids=named)
def test_the_mistake_is_found_and_a_repair_works(pair: Pair) -> None:
    model = built(pair.broken)
    found = checked(model or pair.broken, pair.inputs, options_of(pair))
    ours = of_kind(found.diagnosis, pair.kind)
    printed = [repair for finding in ours for repair in finding.repairs]
    working = [repair for repair in printed if works(pair.broken, pair, found, repair)]
    TABLE.setdefault(pair.kind, []).append((bool(ours), len(printed), len(working)))
    assert ours, f"no {pair.kind} among {found.diagnosis.findings}"
    assert {finding.severity for finding in ours} <= severities(pair.kind)
    if pair.layer is not None:
        assert pair.layer in [finding.layer for finding in ours]
    errors = [each for each in found.diagnosis.errors if each.kind != pair.kind]
    assert not errors, "an echo, or a mistake of another kind"
    assert len({each.group for each in found.diagnosis.errors}) <= 1, "one mistake is one group"
    if pair.repairs:
        assert printed, f"no repair is offered for {ours}"
    assert working == printed, "a printed repair does not make the model run"


@pytest.mark.parametrize("pair", PAIRS, ids=named)
def test_what_is_repaired_runs_and_nothing_is_found(pair: Pair) -> None:
    model = built(pair.repaired)
    assert model is not None
    inputs = pair.inputs if pair.repaired_inputs is None else pair.repaired_inputs
    run(model, inputs, pair.options)
    diagnosis = checked(model, inputs, options_of(pair)).diagnosis
    assert diagnosis, f"found {diagnosis.findings}"
    assert not of_kind(diagnosis, pair.kind)


# ---------------------------------------------------------------------------- several mistakes


COMBINATIONS = 200  # choices of one repair for each finding that are made for real


@pytest.mark.parametrize("case", SEVERAL, ids=lambda case: case.name)
def test_torch_raises_on_several_mistakes(case: Several) -> None:
    assert not runs(lambda: run(case.broken(), case.inputs, {}))


@pytest.mark.parametrize("case", SEVERAL, ids=lambda case: case.name)
def test_several_mistakes_are_found_in_one_pass(case: Several) -> None:
    diagnosis = check(case.broken(), *case.inputs)
    groups: dict[int, set[tuple[str, str]]] = {}
    for finding in diagnosis.findings:
        groups.setdefault(finding.group, set()).add((finding.kind, finding.layer))
    for mistake in case.mistakes:
        assert any(mistake in group for group in groups.values()), f"{mistake} not in {groups}"
    assert len(groups) == len(case.mistakes), f"an echo, or a root told twice: {groups}"
    if case.sites is not None:
        assert len(diagnosis.findings) == case.sites
    FOUND[case.name] = (len(case.mistakes), len(groups))


@pytest.mark.parametrize("case", SEVERAL, ids=lambda case: case.name)
def test_a_repair_of_each_makes_the_model_run(case: Several) -> None:
    found = checked(case.broken(), case.inputs, {})
    choices: dict[Any, list[Repair]] = {}
    for number, finding in enumerate(found.diagnosis.findings):
        assert finding.repairs, f"no repair is offered for {finding}"
        inside = [repair for repair in finding.repairs if repair.input is None]
        choices[number] = [*inside, *(r for r in finding.repairs if r.input is not None)]
    tried = itertools.islice(itertools.product(*choices.values()), COMBINATIONS)
    assert any(all_work(case, found, repairs) for repairs in tried)


def all_work(case: Several, found: Checked, repairs: Sequence[Repair]) -> bool:
    """Tell whether a model runs for real with repairs, one for each of its mistakes."""
    model = case.broken()
    distinct = [repair for n, repair in enumerate(repairs) if repair not in repairs[:n]]
    fed = apply(model, distinct)
    mode = found.rewriting(distinct)
    ran = runs(lambda: run(model, case.inputs, {}, fed=fed, within=mode))
    return ran and not mode.left


# ---------------------------------------------------------------------------- every rule


def test_every_rule_has_a_pair() -> None:
    missing = {rule.kind for rule in RULES.values()} - {pair.kind for pair in PAIRS} - ONLY.keys()
    assert not missing, f"add a Pair to a file of tests/diagnosis_pairs for {sorted(missing)}"


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_every_rule_has_a_page(rule: Rule) -> None:
    first, *rest = rule.page.strip().splitlines()
    assert re.fullmatch(r"[A-Z].*\.", first), "the first line is a sentence"
    text = "\n".join(rest)
    explained, _, examples = text.partition("Wrong:")
    assert explained.strip(), "an explanation comes before the examples"
    wrong, _, right = examples.partition("Right:")
    assert wrong.strip(), "`Wrong:` has an example"
    assert right.strip(), "`Right:` has an example"


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_a_code_says_how_severe_a_finding_is(rule: Rule) -> None:
    hundreds = {"error": 1, "warning": 2, "note": 3}[rule.severity]
    assert re.fullmatch(rf"SC{hundreds}\d\d", rule.code)


def test_the_oracle_can_fail() -> None:
    """A repair that repairs nothing is told from one that works."""
    pair = next(pair for pair in PAIRS if pair.kind == "linear_in_features")
    found = checked(pair.broken(), pair.inputs, {})
    (finding,) = found.diagnosis.findings
    repair = next(repair for repair in finding.repairs if repair.layer)
    assert works(pair.broken, pair, found, repair)
    assert not works(pair.broken, pair, found, replace(repair, value=repair.value + 1))
    assert not works(pair.broken, pair, found, Repair(text="do nothing"))


def test_an_analysis_has_the_findings_of_check() -> None:
    model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.Flatten(), nn.Linear(100, 10))
    analysis = analyze(model, "N,1,28,28")
    assert analysis.findings == check(model, "N,1,28,28").findings
    assert [finding.kind for finding in analysis.findings] == ["linear_in_features"]
    assert not analyze(model[0], "N,1,28,28").findings
