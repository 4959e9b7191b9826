"""Exact shapes and receptive fields of PyTorch models, for every input size at once."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis, analyze
    from shapecalc.diagnose import check, explain_errors, install, uninstall
    from shapecalc.dims import symbol
    from shapecalc.errors import (
        BackendError,
        DataDependentError,
        DimMismatchError,
        DTypeError,
        ForwardError,
        InputError,
        PatternError,
        RankError,
        RejectedInput,
        ShapecalcError,
        ShapeError,
        SizeError,
        SpecError,
        TargetError,
        UndecidedError,
    )

__all__ = [
    "Analysis",
    "BackendError",
    "DTypeError",
    "DataDependentError",
    "DimMismatchError",
    "ForwardError",
    "InputError",
    "PatternError",
    "RankError",
    "RejectedInput",
    "ShapeError",
    "ShapecalcError",
    "SizeError",
    "SpecError",
    "TargetError",
    "UndecidedError",
    "analyze",
    "check",
    "explain_errors",
    "install",
    "symbol",
    "uninstall",
]

_HOMES = {
    "Analysis": "analysis",
    "analyze": "analysis",
    "check": "diagnose",
    "explain_errors": "diagnose",
    "install": "diagnose",
    "symbol": "dims",
    "uninstall": "diagnose",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is asked for: `import shapecalc` itself imports nothing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = importlib.import_module(f"{__name__}.{_HOMES.get(name, 'errors')}")
    return getattr(home, name)


def __dir__() -> list[str]:
    return __all__
