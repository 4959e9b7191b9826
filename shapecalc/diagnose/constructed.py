"""What the constructor of a model raises, as a finding."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from shapecalc.diagnose.finding import Finding
from shapecalc.diagnose.rule import MISTAKES
from shapecalc.errors import TargetError
from shapecalc.trace.source import raised_at


def constructed(factory: Callable[[], nn.Module]) -> nn.Module | Finding:
    """Return the model that a factory makes, or the finding that its exception is.

    Raises:
        TargetError: it makes something else.
    """
    try:
        made = _made(factory)
    except TargetError:
        raise
    except (Exception, SystemExit) as error:
        rule = MISTAKES["SC100"]
        return Finding(
            code=rule.code,
            kind=rule.kind,
            severity=rule.severity,
            message=f"the constructor raises {type(error).__name__}: {error}",
            used=raised_at(error),
        )
    if not isinstance(made, nn.Module):
        raise TargetError(f"the factory gave {type(made).__name__}, which is no nn.Module")
    return made


def _made(factory: Callable[[], nn.Module]) -> nn.Module:
    """Build on the meta device, or with values where the constructor asks for them."""
    try:
        with torch.device("meta"):
            return factory()
    except TargetError:
        raise
    except (Exception, SystemExit):  # what is raised on meta tensors alone is no mistake
        return factory()
