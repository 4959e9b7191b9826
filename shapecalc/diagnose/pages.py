"""The pages of the rules: what their docstrings say, in parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from inspect import cleandoc

from shapecalc.diagnose import rules as _rules  # registers them  # noqa: F401
from shapecalc.diagnose.rule import ADVICE, MISTAKES, WARNINGS, Rule


@dataclass(frozen=True, slots=True)
class Page:
    """What a rule says to people: a title, paragraphs, and code that is wrong and right."""

    title: str
    explanation: tuple[str, ...]  # a paragraph each
    wrong: str
    right: str


def page(rule: Rule) -> Page:
    """Return the page of a rule.

    >>> page(MISTAKES["SC199"]).title
    'The shapes do not fit.'
    """
    prose, _, code = cleandoc(rule.page).partition("\nWrong:\n")
    wrong, _, right = code.partition("\nRight:\n")
    title, *rest = re.split(r"\n\s*\n", prose.strip())
    return Page(
        title=_joined(title),
        explanation=tuple(map(_joined, rest)),
        wrong=cleandoc("\n" + wrong),
        right=cleandoc("\n" + right),
    )


def rules() -> dict[str, Rule]:
    """Return every rule by its code, in the order of the codes."""
    every = {**MISTAKES, **WARNINGS, **ADVICE}
    return {code: every[code] for code in sorted(every)}


def _joined(paragraph: str) -> str:
    return " ".join(paragraph.split())
