"""Text from a model or a file, made safe to print: a name must not steer a terminal."""

from __future__ import annotations


def plain(text: str) -> str:
    r"""Return text on one line, with control characters written out.

    >>> plain("a\x1b[31m")
    'a\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def plain_lines(text: str) -> str:
    """Return text with its lines kept and every other control character written out."""
    return "\n".join(plain(line) for line in text.splitlines())
