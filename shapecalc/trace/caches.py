"""Sizes in Python's own hands: in len, min, divmod, powers, and as keys of dicts and caches.

A cache may outlive the trace: none may hand a symbolic tensor to the model later.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import gc
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from shapecalc.trace.symbolic_tensor import SymbolicTensor

UNHASHABLE = "unhashable type: non-nested SymInt"  # what torch says of a size as a key


_DEEPEST = 5  # tuples around a size in a key


@contextlib.contextmanager
def sizes() -> Iterator[None]:
    """Let Python's own functions take symbolic sizes: `len`, `min`, `max`, `divmod`, powers.

    Which one of two sizes is the smaller is a choice, but where it depends on data: then it is
    `Min(u0, 300)`.
    """
    functions = builtins.min, builtins.max, builtins.len
    original = torch.SymFloat.__pow__, torch.SymFloat.__rpow__
    torch.SymInt.__divmod__ = lambda a, b: (a // b, a % b)  # type: ignore
    torch.SymFloat.__pow__ = _power  # type: ignore[method-assign]
    torch.SymFloat.__rpow__ = lambda exponent, base: _power(base, exponent)  # type: ignore
    builtins.min = _extreme(builtins.min, torch.sym_min)
    builtins.max = _extreme(builtins.max, torch.sym_max)
    builtins.len = _length(builtins.len)
    try:
        yield
    finally:
        builtins.min, builtins.max, builtins.len = functions
        del torch.SymInt.__divmod__  # type: ignore
        torch.SymFloat.__pow__, torch.SymFloat.__rpow__ = original  # type: ignore[method-assign]


def _extreme(original: Any, of_sizes: Callable[[Any, Any], Any]) -> Any:
    @functools.wraps(original)
    def extreme(*args: Any, **kwargs: Any) -> Any:
        if kwargs or not args:
            return original(*args, **kwargs)
        if len(args) == 1:
            args = (list(args[0]),)
        entries = args if len(args) > 1 else args[0]
        sizes = [entry for entry in entries if type(entry) is torch.SymInt]
        if not any(size.node.depends_on_data() for size in sizes):
            return original(*args)
        whole = all(isinstance(entry, (int, torch.SymInt)) for entry in entries)
        return functools.reduce(of_sizes, entries) if whole else original(*args)

    return extreme


def _length(original: Any) -> Any:
    """Let the length of a symbolic tensor be a size; `len` itself takes numbers alone."""

    def length(value: Any, /) -> Any:
        if type(value) is SymbolicTensor and value.shape_:
            return value.shape[0]
        return original(value)

    return length


def _power(base: Any, exponent: Any) -> Any:
    """Return a power as Python does: torch's own refuses a negative base."""
    if isinstance(base, torch.Tensor) or isinstance(exponent, torch.Tensor):
        return NotImplemented
    return float(base) ** float(exponent)


@contextlib.contextmanager
def sizes_as_keys() -> Iterator[None]:
    """Let a size be a key, too: it is then asked for its number, which is recorded."""
    original, hashed = torch.SymInt.__hash__, list[torch.SymInt]()

    def hash_of_number(size: torch.SymInt) -> int:
        hashed.append(size)
        return hash(size.node.int_())

    torch.SymInt.__hash__ = hash_of_number  # type: ignore
    try:
        with sizes():
            yield
    finally:
        forget(hashed)
        torch.SymInt.__hash__ = original  # type: ignore[method-assign]


def forget(sizes: Sequence[torch.SymInt]) -> None:
    """Take what was stored under symbolic sizes out of dicts and of `functools.lru_cache`.

    A size that was hashed may be the key, or in the key, of an entry that was made in the trace.
    Sizes have to have a hash still: an entry is found by it.
    """
    if not sizes:
        return
    holders: list[Any] = []
    nested: Sequence[Any] = sizes
    for _ in range(_DEEPEST):  # a size, a pair of sizes, a tuple of pairs, a key with that tuple
        referrers = gc.get_referrers(*nested)
        holders += referrers
        nested = [holder for holder in referrers if isinstance(holder, tuple)]
        if not nested:
            break
    for table in [holder for holder in holders if isinstance(holder, dict)]:
        stale = [key for key in list(table) if _has_size(key)]
        if not stale:
            continue
        caches = [c for c in gc.get_referrers(table) if isinstance(c, functools._lru_cache_wrapper)]
        for cache in caches:
            cache.cache_clear()
        if not caches:
            for key in stale:
                del table[key]


def _has_size(key: Any) -> bool:
    if isinstance(key, tuple):
        return any(_has_size(entry) for entry in key)
    return isinstance(key, torch.SymInt)
