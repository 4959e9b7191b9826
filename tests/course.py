"""The contents of the course, `examples/README.md`: `python -m tests.course` writes it anew.

A lesson's text is the docstring of its file. What its program and its first command print stands
below it, as they print it now; a test holds that.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path

from tests.readme import printed

ROOT = Path(__file__).parent.parent
CONTENTS = ROOT / "examples" / "README.md"

LESSONS = (
    "kernel_by_hand", "edges", "sizes", "first_convolutions", "channels", "stacking",
    "flattening", "layouts",
)  # fmt: skip

# what follows: a name of its own, what it is about, the command, its exit code
MODELS = (
    (
        "lenet",
        "LeNet in YAML",
        "A whole network without a line of Python: [lenet.yaml](lenet.yaml).",
        "shapecalc show examples/lenet.yaml",
        0,
    ),
    (
        "unet",
        "A U-Net",
        "Down four times and up again, with skips between: [unet.py](unet.py). Which sizes fit?",
        "shapecalc sizes examples/unet.py:UNet",
        0,
    ),
    (
        "resnet50",
        "ResNet-50",
        "What every stage sees of the picture: [resnet.py](resnet.py).",
        "shapecalc field examples/resnet.py:resnet50 --depth 1",
        0,
    ),
    (
        "broken",
        "A broken network",
        "Three mistakes, and what repairs them: [broken.py](broken.py).",
        "shapecalc check examples/broken.py:Net --input 8,3,32,32",
        1,
    ),
)

_HEAD = """\
# A first course

<!-- python -m tests.course writes this file -->

Every lesson is one file that runs: `python examples/edges.py`. Below it stand the commands that
show the same and more. What is printed here is what they print.
"""


def text() -> str:
    """Return the whole file."""
    parts = [_HEAD, *_contents(), ""]
    for lesson in LESSONS:
        parts += [*_lesson(lesson), ""]
    for name, title, said, command, exit_code in MODELS:
        parts += [f"## {title}", "", said, *_picture(name), ""]
        parts += _block(f"$ {command}", printed(*shlex.split(command)[1:], exit_code=exit_code))
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _contents() -> Iterator[str]:
    titles = [_said(lesson)[0] for lesson in LESSONS] + [title for _, title, *_ in MODELS]
    for number, title in enumerate(titles, start=1):
        anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        yield f"{number}. [{title}](#{anchor})"


def _said(lesson: str) -> tuple[str, str, list[str]]:
    """Return the title of a lesson, its text, and its commands."""
    tree = ast.parse((ROOT / "examples" / f"{lesson}.py").read_text(encoding="utf-8"))
    title, _, rest = inspect.cleandoc(ast.get_docstring(tree) or "").partition("\n\n")
    said, _, commands = rest.partition("\n\n    ")
    joined = inspect.cleandoc(commands).replace("\\\n", "")
    return title.rstrip("."), said, [" ".join(line.split()) for line in joined.splitlines()]


def _lesson(lesson: str) -> Iterator[str]:
    title, said, commands = _said(lesson)
    yield from (f"## {title}", "", said, *_picture(lesson), "")
    yield from _block(f"$ python examples/{lesson}.py", ran(lesson))
    yield from ("", f"[{lesson}.py]({lesson}.py). Also:", "", "```bash", *commands, "```")


def commands() -> list[str]:
    """Return the commands of all lessons."""
    return [command for lesson in LESSONS for command in _said(lesson)[2]]


def _picture(name: str) -> list[str]:
    """Return the picture of a lesson, where there is one."""
    picture = Path("pictures") / f"{name}.svg"
    return ["", f"![{name}]({picture})"] if (CONTENTS.parent / picture).exists() else []


def _block(command: str, output: str) -> list[str]:
    return ["```text", command, output.rstrip(), "```"]


def ran(lesson: str) -> str:
    """Return what the program of a lesson prints."""
    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        runpy.run_path(str(ROOT / "examples" / f"{lesson}.py"), run_name="__main__")
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines())


if __name__ == "__main__":
    CONTENTS.write_text(text(), encoding="utf-8")
