"""Every call of a module is seen while a model is traced, and may be made otherwise."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from torch import nn

from shapecalc.trace.declared import handed_on
from shapecalc.trace.module_calls import is_of_torch
from shapecalc.trace.returned import returned
from shapecalc.trace.symbolic_tensor import is_symbolic

if TYPE_CHECKING:
    from shapecalc.trace.tracer import Tracer

Recalling = Callable[..., Any]  # gets the call, the module, its arguments and keyword arguments


@contextlib.contextmanager
def watching_modules(tracer: Tracer, recalls: Mapping[int, Recalling]) -> Iterator[None]:
    """Record every module call, by standing in for `nn.Module.__call__`.

    `recalls` are made in the place of the calls of these numbers.
    """
    original = nn.Module.__call__
    modules, mistakes = tracer.record.modules, tracer.record.mistakes
    waiting = dict(recalls)

    def recorded(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
        recalling = waiting.pop(len(modules.calls), None)
        begun = modules.enter(module, args, kwargs, mistakes=len(mistakes.found))
        try:
            if recalling is not None:
                output = recalling(original, module, args, kwargs)
            else:
                output = original(module, *args, **kwargs)
        except BaseException as error:
            if not hasattr(error, "layer"):
                error.layer = begun.path  # type: ignore[attr-defined]
            went_on = None
            if isinstance(error, Exception) and mistakes.goes_on(module, error):
                went_on = handed_on(tracer.record, original, module, args, kwargs, error)
            if went_on is None:
                modules.open.pop()
                raise
            (output,) = went_on
        modules.leave()
        # where the output was written into through a view, that is noted around the module
        modules.hand_out(begun.index, tracer.aliases.refresh(output))
        if mistakes.recover and is_of_torch(module):
            return returned(output, is_symbolic, lambda why: mistakes.misused(begun.index, why))
        return output

    nn.Module.__call__ = recorded  # type: ignore[method-assign]
    try:
        yield
    finally:
        nn.Module.__call__ = original  # type: ignore[method-assign]
