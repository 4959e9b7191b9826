"""What the constructor of a model raises: there is no trace, so that only the page stands here."""

from __future__ import annotations

from shapecalc.diagnose.rule import Draft, mistake
from shapecalc.diagnose.subject import Mistake


@mistake("SC100", "constructor")
def constructor(m: Mistake) -> Draft | None:
    """The constructor of the model raises, so that there is no model to run.

    The message is torch's own, or that of the code of the model. Layers look at their arguments
    when they are built: `groups` has to divide both `in_channels` and `out_channels`, `num_heads`
    has to divide `embed_dim`, and so on. The place is the last line of the model's own code on
    the way there.

    Wrong:
        nn.Conv2d(3, 8, 3, groups=2)  # 3 channels in 2 groups
    Right:
        nn.Conv2d(4, 8, 3, groups=2)
    """
    return None
