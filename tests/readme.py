"""The generated parts of the README: `python -m tests.readme` writes them anew.

    python -m tests.readme                       # the op table and short examples, in seconds
    python -m tests.readme accepted torchvision benchmark # these too: minutes

A part stands between `<!-- name -->` and `<!-- /name -->`. A test holds those of the first line.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from click.testing import CliRunner

if TYPE_CHECKING:
    from tests.size_models import SizeModel

README = Path(__file__).parent.parent / "README.md"


def printed(*arguments: str, exit_code: int = 0) -> str:
    """Return what the command prints."""
    from shapecalc.cli import main

    result = CliRunner().invoke(main, list(arguments), env={"COLUMNS": "100"})
    assert result.exit_code == exit_code, result.output
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


def explained() -> str:
    """Return the first patch of the course, by hand."""
    target, values = "examples/kernel_by_hand.py:model", "examples/images/four_by_four.json"
    text = printed("explain", target, "conv", "--element", "0,0,0", "--values", values)
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


def accepted() -> str:
    """Return what each model of torchvision accepts, and why; equal answers share a row."""
    from tests.size_models import of_torchvision

    return _accepting(of_torchvision())


def unets() -> str:
    """Return what becomes of a U-Net's accepted sizes by how it meets its skips."""
    from tests.size_models import every_model

    names = (
        "U-Net transposed 2, 4 levels, cat", "U-Net nearest, 4 levels, cat", "branch on H % 32",
        "U-Net to the skip's size, 4 levels, cat", "U-Net transposed 2, 4 levels, slice",
        "U-Net transposed 2, 4 levels, centre, 0", "padded to 32", "padded to 32 by reflection",
    )  # fmt: skip
    return _accepting(entry for entry in every_model() if str(entry) in names)


def _accepting(models: Iterable[SizeModel]) -> str:
    from shapecalc import analyze
    from shapecalc.render.sizes_reasons import reasons

    rows: dict[tuple[str, str], list[str]] = {}
    for entry in models:
        analysis = analyze(entry.made(), *entry.patterns, train=entry.train)
        found = analysis.explore(seconds=600)
        assert found.complete, f"{entry}: {found.unexplored}"
        said = "; ".join(
            p.words if len(p.names) > 1 else f"{p.names[0]} {p.words}"
            for p in found.parts
            if not p.is_any
        )
        causes = [reason.cause for reason in reasons(found) if "likewise" not in reason.cause]
        why = "; ".join(dict.fromkeys(map(_in_short, causes)))
        rows.setdefault((said or "every size", why), []).append(str(entry))
    lines = ["| models | accept | because |", "| --- | --- | --- |"]
    lines += [f"| {', '.join(names)} | {said} | {why} |" for (said, why), names in rows.items()]
    return "\n".join(lines)


def _in_short(cause: str) -> str:
    """Return the first requirement of a cause alone, without its place and its explanation."""
    short = re.sub(r" in \S+ \([^)]*\)| \(\S+:\d+\)", "", cause)
    first = re.split(r", which holds|; and |(?<=\S): (?=[a-z])", short)[0]
    return f"{first}, and so on" if "; and so on" in cause else first


def sizes() -> str:
    """Return what a U-Net accepts."""
    text = printed("sizes", "examples/unet.py:UNet")
    return "\n".join(["```text", text, "```"])


def check() -> str:
    """Return why a U-Net rejects an image."""
    text = printed("sizes", "examples/unet.py:UNet", "--check", "250x333", exit_code=1)
    return "\n".join(["```text", text, "```"])


def solve() -> str:
    """Return for which sizes a ResNet-50 ends in 7x7."""
    text = printed("solve", "examples/resnet.py:resnet50", "layer4.H == 7")
    return "\n".join(["```text", text, "```"])


def solve_for() -> str:
    """Return which padding keeps the size of a convolution."""
    text = printed("solve", "examples/padding.yaml", "out.H == H", "--for", "p")
    return "\n".join(["```text", text, "```"])


def mistakes() -> str:
    """Return the diagnosis of a network with three mistakes."""
    target = "examples/broken.py:Net"
    text = printed("check", target, "--input", "8,3,32,32", exit_code=1)
    return "\n".join(["```text", text, "```"])


def benchmark() -> str:
    """Return the table of the benchmark, after running it."""
    from tests.benchmark import markdown, measure

    return markdown(measure(export=True))


PARTS: dict[str, Callable[[], str]] = {
    part.__name__: part
    for part in (
        equation,
        fields,
        window,
        explained,
        sizes,
        check,
        solve,
        solve_for,
        mistakes,
        ops,
        unets,
        accepted,
        torchvision,
        benchmark,
    )
}
QUICK = (
    "equation", "fields", "window", "explained", "sizes", "check", "solve", "solve_for", "mistakes", "unets",
    "ops",
)  # fmt: skip


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
