"""Real runs in which a module is called otherwise, or a layer is built otherwise."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import nn


@contextlib.contextmanager
def recalling(ways: dict[int, Callable[..., Any]]) -> Iterator[None]:
    """Make module calls otherwise, by their number; those that were made so leave `ways`."""
    original, count = nn.Module.__call__, iter(range(10**9))

    def called(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
        way = ways.pop(next(count), None)
        if way is None:
            return original(module, *args, **kwargs)
        return way(original, module, args, kwargs)

    nn.Module.__call__ = called  # type: ignore[method-assign]
    try:
        yield
    finally:
        nn.Module.__call__ = original  # type: ignore[method-assign]


def built_with(make: Callable[[], nn.Module], changes: Mapping[str, Any]) -> nn.Module:
    """Return a model whose constructor raises, with other arguments where a layer refuses its own."""
    with contextlib.ExitStack() as stack:
        for cls in {value for value in vars(nn).values() if isinstance(value, type)}:
            if issubclass(cls, nn.Module) and "__init__" in vars(cls):
                stack.enter_context(_lenient(cls, changes))
        return make()


@contextlib.contextmanager
def _lenient(cls: type[nn.Module], changes: Mapping[str, Any]) -> Iterator[None]:
    original = cls.__init__

    @functools.wraps(original)
    def init(self: nn.Module, *args: Any, **kwargs: Any) -> None:
        try:
            original(self, *args, **kwargs)
        except Exception:
            if type(self) is not cls:
                raise
            given = inspect.signature(original).bind(self, *args, **kwargs).arguments
            given = {k: v for k, v in given.items() if k not in ("self", "args", "kwargs")}
            original(self, **{**given, **changes})

    cls.__init__ = init  # type: ignore[method-assign]
    try:
        yield
    finally:
        cls.__init__ = original  # type: ignore[method-assign]
