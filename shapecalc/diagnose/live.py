"""At the moment of the error: what a real forward pass raises gets the diagnosis as a note.

`nn.Module.__call__` is stood in for by a function that does nothing but catch. When an exception
leaves the outermost call, the model is checked on the shapes and types of the arguments of this
very call, and what is wrong is attached to the exception. Values are not looked at, the model is
left as it was, and the exception is raised as it is.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import CodeType, FrameType
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import nn

from shapecalc.diagnose.diagnosis import check_patterns
from shapecalc.dims import Shape
from shapecalc.dtypes import DTYPE_NAMES
from shapecalc.inputs import Pattern, Patterns
from shapecalc.trace.infer_inputs import positional_names
from shapecalc.trace.symbolic_tensor import is_symbolic

# what mistakes in shapes or code raise; a class of its own is something that somebody expects
_EXPLAINED = {
    RuntimeError, ValueError, TypeError, AttributeError, IndexError, AssertionError, KeyError,
    NameError, UnboundLocalError, NotImplementedError,
}  # fmt: skip
_ELSEWHERE = ("out of memory", "CUDA error", "same device", "cuDNN", "CUBLAS")

_wanted = 0  # how many `explain_errors` and `install` are in force
_installed = False
_original: Callable[..., Any] | None = None
_last: WeakKeyDictionary[nn.Module, tuple[str, str]] = WeakKeyDictionary()


@contextlib.contextmanager
def explain_errors() -> Iterator[None]:
    """Attach a diagnosis to what a model raises within the block.

    Only what leaves a call of a model is explained: not what a loss raises, and not what the
    model itself catches. It can be a decorator, too.
    """
    _begin()
    try:
        yield
    finally:
        _end()


def install() -> None:
    """Attach a diagnosis to what models raise, from here on; a second time changes nothing."""
    global _installed
    if not _installed:
        _installed = True
        _begin()


def uninstall() -> None:
    """Undo `install`; without it, change nothing."""
    global _installed
    if _installed:
        _installed = False
        _end()


def _begin() -> None:
    global _wanted, _original
    _wanted += 1
    if _original is None:
        _original = nn.Module.__call__
        nn.Module.__call__ = _calling(_original)  # type: ignore[method-assign]


def _end() -> None:
    global _wanted, _original
    _wanted -= 1
    standing_in = getattr(nn.Module.__call__, "__wrapped__", None) is _original
    if not _wanted and _original is not None and standing_in:
        nn.Module.__call__ = _original  # type: ignore[method-assign]
        _original = None


def _calling(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return what stands in for `nn.Module.__call__`: the same call, with an eye on exceptions."""

    def calling(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        try:
            return original(self, *args, **kwargs)
        except Exception as error:
            if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
                error.__traceback__ = error.__traceback__.tb_next  # without this frame
            if _wanted and type(error) in _EXPLAINED and _is_outermost(calling.__code__):
                with contextlib.suppress(Exception):  # a slip of ours hides no error of theirs
                    _explain(error, self, args, kwargs)
            raise

    calling.__wrapped__ = original  # type: ignore[attr-defined]
    return calling


def _is_outermost(code: CodeType) -> bool:
    """Tell whether no other call of a module is under way around the one that raised."""
    frame: FrameType | None = sys._getframe(2)  # of who called the module
    while frame is not None:
        if frame.f_code is code:
            return False
        frame = frame.f_back
    return True


def _explain(
    error: Exception, module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> None:
    """Attach what is wrong with a call of a model to what it raised."""
    if is_symbolic(args) or is_symbolic(dict(kwargs)) or any(t in str(error) for t in _ELSEWHERE):
        return
    model = _within(module)
    patterns = _patterns(model, args, kwargs)
    if not any(True for _ in patterns.all()):
        return
    asked = f"{model}\n{patterns}\n{type(error).__name__}: {error}"
    said, note = _last.get(model, ("", ""))
    if said != asked:
        note = _note(model, patterns)
        _last[model] = (asked, note)
    if note and note not in getattr(error, "__notes__", ()):
        error.add_note(note)


def _note(model: nn.Module, patterns: Patterns) -> str:
    """Return the diagnosis of a call as text, empty where it knows no mistake."""
    from shapecalc.render import diagnosis_text

    with _every_mode_kept(model), _eager():
        found = check_patterns(model, patterns, train=model.training)
    if not found.errors:
        return ""
    return "\n" + diagnosis_text.text(replace(found, findings=found.errors)).rstrip()


def _within(module: nn.Module) -> nn.Module:
    """Return the model that a wrapper of torch hands its arguments on to."""
    wrappers = (nn.DataParallel, nn.parallel.DistributedDataParallel)
    while True:
        if isinstance(module, wrappers):
            module = module.module
        elif isinstance(inner := getattr(module, "_orig_mod", None), nn.Module):  # of compile
            module = inner
        else:
            return module


def _patterns(model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Patterns:
    """Return the arguments of a call with patterns of numbers for the tensors."""

    def read(value: Any, name: str) -> Any:
        if isinstance(value, torch.Tensor):
            dtype = str(value.dtype).removeprefix("torch.")
            return Pattern(name, Shape(value.shape), dtype) if dtype in DTYPE_NAMES else value
        if type(value) in (tuple, list):
            return type(value)(read(entry, f"{name}[{n}]") for n, entry in enumerate(value))
        if type(value) is dict:
            return {key: read(entry, f"{name}.{key}") for key, entry in value.items()}
        return value

    names = [*positional_names(model)[: len(args)]]
    names += [f"input{n}" for n in range(len(names), len(args))]
    return Patterns(
        tuple(read(value, name) for value, name in zip(args, names, strict=True)),
        {name: read(value, name) for name, value in kwargs.items()},
    )


@contextlib.contextmanager
def _every_mode_kept(model: nn.Module) -> Iterator[None]:
    """Let a model that trains in parts stay so: what is frozen is not checked as if it trained."""
    if len({module.training for module in model.modules()}) == 1:
        yield
        return
    model.__dict__["train"] = lambda mode=True: model
    try:
        yield
    finally:
        del model.__dict__["train"]


@contextlib.contextmanager
def _eager() -> Iterator[None]:
    """Keep autocast and other settings of the caller out of the check."""
    with torch.no_grad(), torch.autocast("cpu", enabled=False):
        yield
