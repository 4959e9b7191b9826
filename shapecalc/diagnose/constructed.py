"""What the constructor of a model raises, as findings; the model is built all the same.

A layer that torch refuses to build is built with the argument changed that the rules propose.
So the mistakes of all constructors are found in one pass, and those of the shapes after them.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

from shapecalc.diagnose.case import Case
from shapecalc.diagnose.edits import Rebuild
from shapecalc.diagnose.finding import Finding, Repair
from shapecalc.diagnose.rule import MISTAKES, Draft, Rule
from shapecalc.diagnose.subject import Mistake, Subject
from shapecalc.errors import TargetError
from shapecalc.graph import Finding as Raw
from shapecalc.graph import LayerGraph
from shapecalc.inputs import Patterns
from shapecalc.trace.source import caller, raised_at

_ONCE = ", once the others are repaired"
_CHANGES = 3  # arguments of one layer that are changed, one after the other
_CONTAINERS = (nn.Module, nn.Sequential, nn.ModuleList, nn.ModuleDict)


@dataclass(slots=True)
class Refused:
    """A layer that was refused, what a rule says of it, and the change with which it was built."""

    module: nn.Module
    finding: Finding
    change: Rebuild


@dataclass(frozen=True, slots=True)
class Constructed:
    """A model, None where it cannot be built, and what was wrong on the way."""

    model: nn.Module | None
    findings: tuple[Finding, ...] = field(default=())


def constructed(factory: Callable[[], nn.Module]) -> Constructed:
    """Return the model that a factory makes, and the findings that its constructors are.

    Raises:
        TargetError: it makes something else.
    """
    with contextlib.suppress(Exception, SystemExit):
        return Constructed(_module(_made(factory)))
    refused: list[Refused] = []
    try:
        with building_on(refused):
            made = _module(_made(factory, refused))
    except TargetError:
        raise
    except (Exception, SystemExit) as error:
        return Constructed(None, (*(each.finding for each in refused), _raised(error)))
    names = {id(module): name for name, module in made.named_modules()}
    return Constructed(
        made, tuple(_found(each, names.get(id(each.module), "")) for each in refused)
    )


def _made(factory: Callable[[], nn.Module], refused: list[Refused] | None = None) -> nn.Module:
    """Build on the meta device, or with values where the constructor asks for them."""
    try:
        with torch.device("meta"):
            return factory()
    except TargetError:
        raise
    except (Exception, SystemExit):  # what is raised on meta tensors alone is no mistake
        if refused is not None:
            refused.clear()
        return factory()


def _module(made: object) -> nn.Module:
    if not isinstance(made, nn.Module):
        raise TargetError(f"the factory gave {type(made).__name__}, which is no nn.Module")
    return made


def _raised(error: BaseException) -> Finding:
    rule = MISTAKES["SC100"]
    return Finding(
        code=rule.code,
        kind=rule.kind,
        severity=rule.severity,
        message=f"the constructor raises {type(error).__name__}: {error}",
        used=raised_at(error),
    )


@contextlib.contextmanager
def building_on(refused: list[Refused]) -> Iterator[None]:
    """Let layers of torch that are refused be built with the change that a rule proposes."""
    kept: dict[type, Any] = {}
    for cls in list(vars(nn).values()):
        if not isinstance(cls, type) or not issubclass(cls, nn.Module) or cls in _CONTAINERS:
            continue
        if "__init__" in vars(cls):
            kept[cls] = cls.__init__
            cls.__init__ = _building(cls.__init__, refused)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for cls, original in kept.items():
            cls.__init__ = original  # type: ignore[misc]


def _building(original: Callable[..., None], refused: list[Refused]) -> Callable[..., None]:
    def building(module: nn.Module, *args: Any, **kwargs: Any) -> None:
        given = _given(original, module, args, kwargs)
        found: Refused | None = None
        for _ in range(_CHANGES):
            try:
                if given is None:
                    original(module, *args, **kwargs)
                else:
                    original(module, **given)
                return
            except Exception as error:
                found = None if given is None else _explained(module, given, error)
                if given is None or found is None:
                    raise
                given[found.change.argument] = found.change.value
                refused.append(found)
        original(module, **(given or {}))

    return building


def _given(
    original: Callable[..., None], module: nn.Module, args: Any, kwargs: Any
) -> dict[str, Any] | None:
    """Return the arguments of a constructor by their names, None where they have none."""
    try:
        bound = inspect.signature(original).bind(module, *args, **kwargs)
    except TypeError:
        return None
    bound.apply_defaults()
    (_, *named) = bound.arguments.items()
    kinds = {entry.kind for entry in bound.signature.parameters.values()}
    return None if kinds & {inspect.Parameter.VAR_POSITIONAL} else dict(named)


def _explained(module: nn.Module, given: dict[str, Any], error: Exception) -> Refused | None:
    """Return what a rule says of a layer that was refused, where it knows a change."""
    raw = Raw(message=str(error), kind="constructor", location=caller(), arguments=given)
    empty = LayerGraph(name="", inputs=(), layers=(), calls=())
    subject = Subject(nn.Module(), Case(Patterns(()), {}), empty)
    m = Mistake(subject, 0, raw, None, module)
    for rule in MISTAKES.values():
        draft = rule.function(m)
        if draft is not None:
            changes = [change for change in draft.candidates if isinstance(change, Rebuild)]
            return Refused(module, _finding(m, rule, draft), changes[0]) if changes else None
    return None


def _finding(m: Mistake, rule: Rule, draft: Draft) -> Finding:
    return Finding(
        code=rule.code,
        kind=rule.kind,
        severity=rule.severity,
        message=draft.message,
        op=type(m.module).__name__,
        argument=draft.argument,
        got=draft.got,
        expected=draft.expected,
        because=draft.because,
        built=m.raw.location,
        used=m.raw.location,
    )


def _found(refused: Refused, layer: str) -> Finding:
    """Return the finding of a layer that was refused, now that its name is known."""
    change = refused.change
    text = change.text or f"build {layer} with {change.argument}={change.value}"
    repair = Repair(text=text, layer=layer, argument=change.argument, value=change.value)
    return replace(refused.finding, layer=layer, repairs=(repair,))


def beside(findings: tuple[Finding, ...], others: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return findings that were repaired so that the check could go on, and what it found then."""
    more = len(findings)
    left = sum(other.severity == "error" for other in others)
    said = f"{left} of {left + more} mistakes are left" if left else "no mistake is left"
    tried = said if more == 1 else f"{said}{_ONCE}"
    first = (
        replace(finding, group=n, repairs=tuple(replace(r, tried=tried) for r in finding.repairs))
        for n, finding in enumerate(findings)
    )
    rest = (
        replace(
            other,
            group=other.group + more,
            rests_on=tuple(n + more for n in other.rests_on),
            repairs=tuple(
                replace(r, tried=r.tried.removesuffix(_ONCE) + _ONCE) for r in other.repairs
            ),
        )
        for other in others
    )
    return (*first, *rest)
