"""Functions of other libraries, written in Python, that have a rule: they are read as one call.

What they do within, such as one way for few boxes and another for many, changes no shape.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from shapecalc.trace.symbolic_tensor import is_symbolic

if TYPE_CHECKING:
    from shapecalc.trace.tracer import Tracer

# where a library keeps them; the name of the reader is that of the library and the function's
_PLACES = {"torchvision::batched_nms": ("torchvision.ops.boxes", "torchvision.ops")}


@contextlib.contextmanager
def read_as_ops(tracer: Tracer) -> Iterator[None]:
    """Hand calls of such functions to the tracer, where their library is in use."""
    kept: list[tuple[Any, str, Any]] = []
    for qualified, places in _PLACES.items():
        name = qualified.partition("::")[2]
        for place in filter(None, map(sys.modules.get, places)):
            original = getattr(place, name)
            kept.append((place, name, original))
            setattr(place, name, _stand_in(tracer, qualified, original))
    try:
        yield
    finally:
        for place, name, original in kept:
            setattr(place, name, original)


def _stand_in(tracer: Tracer, qualified: str, original: Any) -> Callable[..., Any]:
    @functools.wraps(original)
    def read(*args: Any, **kwargs: Any) -> Any:
        if not (is_symbolic(args) or is_symbolic(kwargs)):
            return original(*args, **kwargs)
        events = len(tracer.record.events)
        try:
            return tracer.__torch_function__(read, (), args, kwargs)
        finally:
            del tracer.record.events[events:]  # a real run shows the calls within

    read._qualified_op_name = qualified  # type: ignore[attr-defined]
    return read
