"""Mistakes that no rule of their own explains."""

from __future__ import annotations

from shapecalc.diagnose.rule import Draft, mistake
from shapecalc.diagnose.subject import Mistake


@mistake("SC199", "shape")
def shape(m: Mistake) -> Draft:
    """The shapes do not fit.

    An op was given shapes that it does not take, for a reason that no rule here knows better.

    Wrong:
        torch.cdist(torch.zeros(3, 4), torch.zeros(3, 5))
    Right:
        torch.cdist(torch.zeros(3, 4), torch.zeros(2, 4))
    """
    return Draft(message=m.raw.message)
