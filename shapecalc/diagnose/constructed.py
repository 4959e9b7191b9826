"""What the constructor of a model raises, as a finding."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from shapecalc.diagnose.finding import Finding
from shapecalc.errors import TargetError
from shapecalc.trace.source import raised_at


def constructed(factory: Callable[[], nn.Module]) -> nn.Module | Finding:
    """Return the model that a factory makes, or the finding that its exception is.

    Raises:
        TargetError: it makes something else.
    """
    try:
        with torch.device("meta"):
            made = factory()
    except NotImplementedError:  # a constructor that asks for values cannot run on meta
        made = factory()
    except Exception as error:
        return Finding(
            code="SC100",
            kind="constructor",
            severity="error",
            message=f"the constructor raises {type(error).__name__}: {error}",
            used=raised_at(error),
        )
    if not isinstance(made, nn.Module):
        raise TargetError(f"the factory gave {type(made).__name__}, which is no nn.Module")
    return made
