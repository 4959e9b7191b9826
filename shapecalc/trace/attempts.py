"""The attempts at one call: by its rule, with sizes for tensors, measured, in whole numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shapecalc.errors import DataDependentError, ForwardError, ShapecalcError, ShapeError
from shapecalc.registry import Reader
from shapecalc.trace import numbers
from shapecalc.trace.function_names import function_name
from shapecalc.trace.symbolic_tensor import for_reader
from shapecalc.trace.targets import reader_of
from shapecalc.trace.whole import WHOLE, floats_in, in_whole_numbers

if TYPE_CHECKING:
    from shapecalc.trace.tracer import Tracer


def attempted(
    tracer: Tracer, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Return the result of a call on symbolic tensors, by the first way that has an answer.

    Raises:
        ShapecalcError: the call is a mistake, or no way has an answer.
    """
    reader = reader_of(func)
    if reader is None:
        return tracer.measured(func, args, kwargs)
    try:
        return tracer.read(reader, func, args, kwargs)
    except DataDependentError as error:
        if not numbers.holds_size((args[1:], kwargs)):
            raise
        return _with_sizes(tracer, reader, func, args, kwargs, error)
    except ShapecalcError:
        raise
    except Exception as error:  # arguments that a reader does not know, or a slip in a rule
        why = f"its rule failed with {type(error).__name__}: {error}"
        try:
            return tracer.measured(func, args, kwargs, why)
        except ForwardError:
            floats = floats_in((args, kwargs)) if tracer.record.mistakes.recover else []
            if not floats:
                raise
        return _in_whole_numbers(tracer, reader, func, args, kwargs, floats)


def _with_sizes(
    tracer: Tracer,
    reader: Reader,
    func: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    error: DataDependentError,
) -> Any:
    """Read a call with sizes in the place of the tensors that are taken for numbers."""
    sized = (*args[:1], *numbers.as_sizes(tracer, args[1:]))
    try:
        return tracer.read(reader, func, sized, numbers.as_sizes(tracer, kwargs))
    except ShapecalcError:
        raise
    except Exception:  # an axis, or another number that is no size
        raise error from None


def _in_whole_numbers(
    tracer: Tracer,
    reader: Reader,
    func: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    floats: list[Any],
) -> Any:
    """Go on with whole numbers in the place of floats that are refused."""
    record = tracer.record
    index = len(record.layers)
    result = tracer.read(reader, func, in_whole_numbers(args), in_whole_numbers(kwargs))
    said = ", ".join(map(str, for_reader(floats)))
    where = record.modules.where(function_name(func))
    record.mistakes.add(index, [ShapeError(f"{WHOLE} {said}")], where)
    return result
