"""The generated parts of the README: `python -m tests.readme` writes them anew.

    python -m tests.readme                       # the op table and short examples, in seconds
    python -m tests.readme torchvision benchmark # these too: minutes

A part stands between `<!-- name -->` and `<!-- /name -->`. A test holds those of the first line.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner

README = Path(__file__).parent.parent / "README.md"


def printed(*arguments: str) -> str:
    """Return what the command prints."""
    from shapecalc.cli import main

    result = CliRunner().invoke(main, list(arguments), env={"COLUMNS": "100"})
    assert result.exit_code == 0, result.output
    return result.stdout.rstrip()


def equation() -> str:
    """Return the shape equation record of the first convolution of the tutorial."""
    target = "examples/first_convolutions.py:halving"
    text = printed("show", target, "--layer", "0", "--at", "N=1,H=6,W=6")
    lines = [line for line in text.splitlines() if not line.startswith("  at ")]
    return "\n".join(["```text", *lines, "```"])


def fields() -> str:
    """Return the receptive fields of a ResNet-50."""
    text = printed("field", "examples/resnet.py:resnet50", "--depth", "1")
    return "\n".join(["```text", text, "```"])


def window() -> str:
    """Return what one output at the border sees."""
    target = "examples/resnet.py:resnet50"
    text = printed("field", target, "--layer", "layer2", "--at", "0,14", "--size", "224x224")
    return "\n".join(["```text", text, "```"])


def ops() -> str:
    """Return the table of all torch functions that have a rule."""
    from shapecalc.registry import LAYERS, READERS

    table = printed("ops", "--format", "markdown")
    count = f"{len(READERS)} functions of torch and {len(LAYERS)} of its modules have a rule"
    return f"<details><summary>{count}</summary>\n\n{table}\n\n</details>"


def torchvision() -> str:
    """Return the table of the real models, after running them all."""
    from tests.test_torchvision import table

    return table()


def benchmark() -> str:
    """Return the table of the benchmark, after running it."""
    from tests.benchmark import markdown, measure

    return markdown(measure(export=True))


PARTS: dict[str, Callable[[], str]] = {
    part.__name__: part for part in (equation, fields, window, ops, torchvision, benchmark)
}
QUICK = ("equation", "fields", "window", "ops")


def part(name: str, text: str) -> str:
    """Return a part as it stands in a text.

    Raises:
        LookupError: the text has no such part.
    """
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", text, re.DOTALL)
    if found is None:
        raise LookupError(f"README.md has no part {name}")
    return found[1]


def main() -> None:
    """Write the quick parts, and those that are named."""
    text = README.read_text(encoding="utf-8")
    for name in dict.fromkeys((*QUICK, *sys.argv[1:])):
        before = f"<!-- {name} -->\n{part(name, text)}\n<!-- /{name} -->"
        text = text.replace(before, f"<!-- {name} -->\n{PARTS[name]()}\n<!-- /{name} -->")
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
