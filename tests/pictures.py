"""Draws the pictures of the README: `python -m tests.pictures`."""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console
from rich.text import Text

from shapecalc.analysis import analyze
from shapecalc.render import text
from shapecalc.target import load_target

EXAMPLES = Path(__file__).parent.parent / "examples"
WIDTH = 120  # columns


def picture(command: str, printed: str) -> str:
    """Return a terminal with a command and what it prints as SVG, without fonts of the web."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text(f"$ {command}", style="bold"))
    console.print(Text.from_ansi(printed))
    svg = console.export_svg(title="shapecalc", unique_id="shapecalc")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace")


def main() -> None:
    """Draw the table of ResNet-50."""
    model = load_target(str(EXAMPLES / "resnet.py") + ":resnet50").model
    # without colour every row is one piece of text, which all viewers of SVG place alike
    table = text.table(analyze(model), depth=1, width=WIDTH, color=False)
    target = EXAMPLES / "pictures" / "resnet50.svg"
    target.parent.mkdir(exist_ok=True)
    target.write_text(picture("shapecalc show examples/resnet.py:resnet50 --depth 1", table))


if __name__ == "__main__":
    main()
