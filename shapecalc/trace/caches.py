"""Caches that outlive a trace: none of them may hand a symbolic tensor to the model later."""

from __future__ import annotations

import functools
import gc
from collections.abc import Sequence
from typing import Any

import torch


def forget(sizes: Sequence[torch.SymInt]) -> None:
    """Take what was stored under symbolic sizes out of dicts and of `functools.lru_cache`.

    A size that was hashed may be the key, or in the key, of an entry that was made in the trace.
    Sizes have to have a hash still: an entry is found by it.
    """
    if not sizes:
        return
    holders = gc.get_referrers(*sizes)
    keys = [holder for holder in holders if isinstance(holder, tuple)]
    if keys:
        holders += gc.get_referrers(*keys)
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
