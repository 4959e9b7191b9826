"""The diagnosis of a model: every mistake in one pass, with its cause and repairs that work."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from shapecalc.diagnose import rules as _rules  # registers them  # noqa: F401
from shapecalc.diagnose.built import built_at
from shapecalc.diagnose.case import Case, lifted
from shapecalc.diagnose.compared import Compared, compared
from shapecalc.diagnose.constructed import beside, constructed
from shapecalc.diagnose.edits import (
    Candidate,
    Feed,
    Rebuild,
    Recall,
    Reshaped,
    Rewrite,
    rebuilding,
)
from shapecalc.diagnose.finding import Finding, Repair
from shapecalc.diagnose.rule import ADVICE, MISTAKES, WARNINGS, Draft, Rule
from shapecalc.diagnose.settle import settled
from shapecalc.diagnose.single_sample import batch_of_one, first_gone, no_batch
from shapecalc.diagnose.subject import Mistake, Subject, mistakes
from shapecalc.diagnose.trials import Trials, Wanted, key
from shapecalc.dims import Shape
from shapecalc.errors import PatternError, TargetError
from shapecalc.hints import hint_for
from shapecalc.inputs import Pattern, Patterns, parse_inputs, parse_pattern
from shapecalc.trace.infer_inputs import check_call, infer_inputs, positional_names
from shapecalc.trace.run import trace


@dataclass(frozen=True)
class Diagnosis:
    """The findings of a check, errors first, and the trace that they rest on."""

    name: str
    findings: tuple[Finding, ...]
    subject: Subject | None = None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings for which the model raises."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def __bool__(self) -> bool:
        """Whether nothing is wrong: no error and no warning."""
        return not any(finding.severity != "note" for finding in self.findings)

    def __str__(self) -> str:
        from shapecalc.render import diagnosis_text

        return diagnosis_text.text(self)


def check(
    model: nn.Module | Callable[[], nn.Module],
    *inputs: Any,
    train: bool = False,
    advice: bool = False,
    object_size: int | None = None,
    output: Any = None,
    target: Any = None,
    loss: str | Callable[[Any, Any], Any] | None = None,
    **kwinputs: Any,
) -> Diagnosis:
    """Find every mistake of a model in one pass, with its cause and repairs that were tried.

    `inputs` are patterns as in `analyze`, or concrete shapes: then the sizes that are given are
    the case in hand. `model` may be a factory, so that what its constructor raises is a finding.
    With `advice`, what is legal and could be better is noted, too; `object_size` says how large
    the objects are that the model looks for. `output` is the shape that is to come out; `loss`,
    named as in torch.nn.functional, is computed of it and of a `target` of a shape.

    Raises:
        PatternError: a pattern cannot be read, or none can be inferred, or a loss is unknown.
        TargetError: `model` is nothing that can be checked.
    """
    if not isinstance(model, nn.Module):
        if not callable(model):
            raise TargetError(f"expected an nn.Module or a factory of one, got {model!r}")
        built = constructed(model)
        if built.model is None:
            return Diagnosis(getattr(model, "__name__", "model"), built.findings)
        if built.findings:
            options = {
                "train": train, "advice": advice, "object_size": object_size,
                "output": output, "target": target, "loss": loss,
            }  # fmt: skip
            rest = check(built.model, *inputs, **options, **kwinputs)
            return replace(rest, findings=beside(built.findings, rest.findings))
        model = built.model
    if inputs or kwinputs:
        patterns = parse_inputs(inputs, kwinputs, positional_names(model))
        check_call(model, patterns)
    else:
        patterns = infer_inputs(model, train=train)
    against = compared(target, loss)
    if against is not None:
        patterns = against.given_to(patterns)
    wanted = next(parse_inputs((output,), {}, ("output",)).all()).shape if output else None
    checked = _Check(model, lifted(patterns), train, object_size, wanted, against)
    return checked.diagnosis(advice=advice)


def check_patterns(model: nn.Module, patterns: Patterns, *, train: bool) -> Diagnosis:
    """Check a model on patterns that were read already."""
    return _Check(model, lifted(patterns), train).diagnosis(advice=False)


class _Check:
    """One check: the subject, and what becomes of it with changes."""

    def __init__(
        self,
        model: nn.Module,
        case: Case,
        train: bool,
        object_size: int | None = None,
        output: Shape | None = None,
        against: Compared | None = None,
    ) -> None:
        self.model, self.case, self.train = model, case, train
        self.object_size, self.output, self.against = object_size, output, against
        self.settled: dict[str, int] = {}  # the sizes that were found to make no mistakes
        self.trials: Trials

    def subject(
        self,
        case: Case,
        rewrites: Sequence[Rewrite] = (),
        recalls: Sequence[Recall] = (),
        *,
        recover: bool = True,
    ) -> Subject:
        """Trace the model as it is now, through all of its mistakes or up to the first."""
        recallings = {recall.index: recall.recalling for recall in recalls}
        rewritings = {n: way for rewrite in rewrites for n, way in rewrite.rewritings.items()}
        hint = hint_for(case.patterns)
        hint |= {name: size for name, size in self.settled.items() if name in hint}
        hint |= case.sizes
        comparing = self.against.computing(self.model) if self.against else nullcontext()
        with comparing:
            graph = settled(
                lambda at: trace(
                    self.model,
                    case.patterns,
                    at,
                    train=self.train,
                    recover=recover,
                    rewritings=rewritings,
                    recalls=recallings,
                ),
                hint,
                case.sizes,
            )
        return Subject(self.model, case, graph, self.train, self.object_size, self.output)

    def diagnosis(self, *, advice: bool) -> Diagnosis:
        """Trace, explain, look, and try the repairs."""
        subject = self.subject(self.case)
        batch = batch_of_one(subject)
        if batch is not None and (of_batch := self._of_batch(subject, batch, advice)) is not None:
            return of_batch
        self.settled = dict(subject.graph.hint)
        self.trials = Trials(subject, self._after)
        told = [(rule, draft, m) for m in mistakes(subject) for rule, draft in _explained(m)]
        found = _once(told)
        looked = list(_looked(WARNINGS.values(), subject))
        if advice:
            looked += _looked(ADVICE.values(), subject)
        places = {_site(*each): n for n, each in enumerate(found)}
        numbers = {each[2].number: places[_site(*each)] for each in told}
        groups: dict[Any, int] = {}
        findings = []
        for n, (rule, draft, m) in enumerate(found):
            group = groups.setdefault(
                draft.root if draft.root is not None else ("own", n), len(groups)
            )
            rests = frozenset[int]() if m.layer is None else m.layer.rests_on
            rests_on = sorted(
                {
                    numbers[r]
                    for r in rests
                    # what fails at the same call fails beside it, not because of it
                    if r in numbers and subject.graph.findings[r].index != m.raw.index
                }
                - {n}
            )
            findings.append(self._finding(rule, draft, m, group, tuple(rests_on)))
        repaired = self._repaired(findings, [draft for _, draft, _ in found])
        for rule, draft in looked:
            group = groups.setdefault(
                draft.root if draft.root is not None else ("own", id(draft)), len(groups)
            )
            made = self._finding(rule, draft, None, group, ())
            repaired.append(replace(made, repairs=self._quieting(rule, draft)))
        return Diagnosis(type(self.model).__name__, tuple(repaired), subject)

    def _of_batch(self, subject: Subject, batch: Reshaped, advice: bool) -> Diagnosis | None:
        """Check on a batch of one, where a single sample was fed and that is a mistake."""
        case, self.case = self.case, lifted(_reshaped(self.case.patterns, batch.shapes))
        missed = first_gone(subject, self.subject(self.case))
        if missed is None:
            self.case = case
            return None
        rest = self.diagnosis(advice=advice)
        asked = None if rest.subject is None else replace(rest.subject, case=case)
        findings = beside((no_batch(missed, batch),), rest.findings)
        return replace(rest, findings=findings, subject=asked)

    def _finding(
        self, rule: Rule, draft: Draft, m: Mistake | None, group: int, rests_on: tuple[int, ...]
    ) -> Finding:
        layer = draft.layer
        if layer is None:
            layer = m.raw.layer if m is not None else draft.at.name if draft.at else ""
        op = draft.op or (m.op if m is not None else draft.at.kind if draft.at else "")
        used = draft.used or (m.raw.location if m else draft.at.location if draft.at else None)
        holder = layer
        while holder and holder not in self.trials.before.modules:
            holder = holder.rpartition(".")[0]
        return Finding(
            code=rule.code,
            kind=rule.kind,
            severity=rule.severity,
            message=draft.message,
            layer=layer,
            op=op,
            argument=draft.argument,
            got=draft.got,
            expected=draft.expected,
            because=draft.because,
            built=built_at(self.model, holder) if holder == layer and holder else None,
            used=used,
            group=group,
            rests_on=rests_on,
        )

    # ---------------------------------------------------------------- repairs

    def _repaired(self, findings: list[Finding], drafts: list[Draft]) -> list[Finding]:
        """Return the findings with the repairs that work, after trying them."""
        wanted = [
            Wanted(finding.layer, finding.group, draft.candidates)
            for finding, draft in zip(findings, drafts, strict=True)
        ]
        said = self.trials.repairs(wanted)
        groups = self.trials.groups(wanted)
        every: dict[Hashable, Candidate] = {key(c): c for each in wanted for c in each.candidates}
        done = []
        for finding, draft, group in zip(findings, drafts, groups, strict=True):
            own = [key(c) for c in draft.candidates if key(c) in said]
            rest = [k for k in said if finding.layer in self.trials.gone.get(k, ())]
            repairs = (self._repair(every[k], said[k]) for k in own or rest)
            done.append(replace(finding, group=group, repairs=tuple(repairs)))
        return done

    def _after(self, changes: Sequence[Candidate], recover: bool) -> Subject | None:
        """Return the subject with changes, None where they cannot be made."""
        case = self.case
        try:
            for change in changes:
                if isinstance(change, Feed):
                    case = replace(case, sizes={**case.sizes, **change.sizes})
                elif isinstance(change, Reshaped):
                    case = lifted(_reshaped(case.patterns, change.shapes))
            rewrites = [change for change in changes if isinstance(change, Rewrite)]
            recalls = [change for change in changes if isinstance(change, Recall)]
            with rebuilding(self.model, [c for c in changes if isinstance(c, Rebuild)]):
                return self.subject(case, rewrites, recalls, recover=recover)
        except (ValueError, AttributeError, PatternError):
            return None

    def _quieting(self, rule: Rule, draft: Draft) -> tuple[Repair, ...]:
        """Return the repairs of a warning after which it is not given any more, nor a mistake."""
        repairs = []
        before = self.trials.before
        for candidate in draft.candidates:
            after = self.trials.left_after([candidate])
            if after is None or len(after.graph.mistakes) > len(before.graph.mistakes):
                continue
            if not any(True for _ in rule.function(after)):
                repairs.append(self._repair(candidate, "the warning is not given any more"))
        return tuple(repairs)

    def _repair(self, candidate: Candidate, tried: str) -> Repair:
        match candidate:
            case Rebuild(layer=layer, argument=argument, value=value, text=text):
                return Repair(
                    text=text or f"build {layer} with {argument}={value}",
                    layer=layer, argument=argument, value=value, tried=tried,
                )  # fmt: skip
            case Feed(sizes=sizes, text=text):
                shapes = self.case.shapes({**self.case.sizes, **sizes})
                return Repair(text=text, input=shapes, tried=tried)
            case Reshaped(shapes=given, text=text):
                return Repair(text=text, input=dict(given), tried=tried)
            case Rewrite(text=text) | Recall(text=text):
                return Repair(text=text, tried=tried)


def _explained(m: Mistake) -> Iterable[tuple[Rule, Draft]]:
    """Return the first rule that explains a mistake, with what it says."""
    for rule in MISTAKES.values():
        draft = rule.function(m)
        if draft is not None:
            return [(rule, draft)]
    return []


def _site(rule: Rule, draft: Draft, m: Mistake) -> Any:
    """Return what is equal for demands of one call that one rule says the same of."""
    if draft.root is None or m.layer is None:
        return m.number
    return rule.code, m.layer.index if draft.layer is None else draft.layer, draft.root


def _once(told: list[tuple[Rule, Draft, Mistake]]) -> list[tuple[Rule, Draft, Mistake]]:
    """Return every mistake once: height and width of one map are not two."""
    found: dict[Any, tuple[Rule, Draft, Mistake]] = {}
    for each in told:
        found.setdefault(_site(*each), each)
    return list(found.values())


def _looked(rules: Iterable[Rule], subject: Subject) -> Iterable[tuple[Rule, Draft]]:
    return [(rule, draft) for rule in rules for draft in rule.function(subject)]


def _reshaped(patterns: Patterns, shapes: Any) -> Patterns:
    def walk(value: Any) -> Any:
        if isinstance(value, Pattern):
            if value.name not in shapes:
                return value
            text = ",".join(map(str, shapes[value.name]))
            return replace(parse_pattern(text, value.name), dtype=value.dtype)
        if isinstance(value, dict):
            return {key: walk(entry) for key, entry in value.items()}
        if isinstance(value, (tuple, list)):
            return type(value)(map(walk, value))
        return value

    return replace(patterns, args=walk(patterns.args), kwargs=walk(dict(patterns.kwargs or {})))
