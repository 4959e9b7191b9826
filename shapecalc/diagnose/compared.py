"""What the output of a model is compared with: a target, by a loss."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import torch
from torch import nn

from shapecalc.errors import PatternError
from shapecalc.inputs import Pattern, Patterns, parse_inputs

LossFunction: TypeAlias = Callable[[Any, Any], Any]

TARGET = "the target"  # what no argument of a model is called
_OF_CLASSES = ("cross_entropy", "nll_loss", "multi_margin_loss")
_OF_CLASS_MODULES = ("CrossEntropyLoss", "NLLLoss", "MultiMarginLoss")


@dataclass(frozen=True, slots=True)
class Compared:
    """A loss, and the target that goes into it beside the output of the model."""

    target: Pattern
    loss: LossFunction

    def given_to(self, patterns: Patterns) -> Patterns:
        """Return the patterns of a call, and the target beside them."""
        return replace(patterns, kwargs={**(patterns.kwargs or {}), TARGET: self.target})

    @contextlib.contextmanager
    def computing(self, model: nn.Module) -> Iterator[None]:
        """Let every call of a model compute the loss of what it returns, for a while."""
        targets: list[Any] = []

        def take(module: nn.Module, args: Any, kwargs: dict[str, Any]) -> tuple[Any, Any]:
            targets.append(kwargs.pop(TARGET, None))
            return args, kwargs

        def compare(module: nn.Module, args: Any, output: Any) -> None:
            target, main = targets.pop(), main_output(output)
            if target is not None and main is not None:
                self.loss(main, target)

        before = model.register_forward_pre_hook(take, with_kwargs=True)
        after = model.register_forward_hook(compare)
        try:
            yield
        finally:
            before.remove()
            after.remove()


def compared(target: Any, loss: str | LossFunction | None) -> Compared | None:
    """Return what an output is compared with, None where no loss is named.

    `loss` is named as in torch.nn.functional or in torch.nn, or it is a function or a module.

    Raises:
        PatternError: torch has no loss of that name, or there is no target for it.
    """
    if loss is None:
        return None
    if target is None:
        raise PatternError("a loss compares the output with a target: give one, such as target='N'")
    (pattern,) = parse_inputs((target,), {}, ("target",)).all()
    named = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    of_classes = named in _OF_CLASSES or named in _OF_CLASS_MODULES
    if of_classes and isinstance(target, (str, tuple, list)) and ":" not in str(target):
        pattern = replace(pattern, dtype="int64")  # the number of a class for each sample
    return Compared(pattern, _function(loss) if isinstance(loss, str) else loss)


def _function(name: str) -> LossFunction:
    function = getattr(nn.functional, name, None)
    if callable(function) and ("loss" in name or "entropy" in name or name.endswith("_div")):
        return function  # type: ignore[no-any-return]
    module = getattr(nn, name, None)
    if isinstance(module, type) and name.endswith("Loss"):
        return module()  # type: ignore[no-any-return]
    raise PatternError(f"torch.nn.functional has no loss {name!r}, such as cross_entropy")


def main_output(output: Any) -> Any:
    """Return the tensor of an output that a loss is computed of: the only one, or the first."""
    if isinstance(output, torch.Tensor):
        return output
    if isinstance(output, Mapping):
        chosen = next((output[name] for name in ("out", "logits") if name in output), None)
        return chosen if chosen is not None else main_output([*output.values()])
    if isinstance(output, (tuple, list)):
        return next((found for each in output if (found := main_output(each)) is not None), None)
    return getattr(output, "logits", None)
