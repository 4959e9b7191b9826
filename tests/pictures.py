"""Draws the pictures of the README: `python -m tests.pictures`."""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console
from rich.text import Text

from shapecalc.analysis import analyze
from shapecalc.render import text

EXAMPLES = Path(__file__).parent.parent / "examples"
WIDTH = 92  # columns


def picture(command: str, printed: str) -> str:
    """Return a terminal with a command and what it prints as SVG, without fonts of the web."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text(f"$ {command}", style="bold"))
    console.print(Text.from_ansi(printed))
    svg = console.export_svg(title="shapecalc", unique_id="shapecalc")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace")


def main() -> None:
    spec = EXAMPLES / "lenet.yaml"
    table = text.table(analyze(spec), width=WIDTH, color=True)
    target = EXAMPLES / "pictures" / "lenet.svg"
    target.parent.mkdir(exist_ok=True)
    target.write_text(picture("shapecalc show examples/lenet.yaml", table))


if __name__ == "__main__":
    main()
