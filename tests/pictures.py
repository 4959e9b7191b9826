"""Draws the pictures of the README and of the examples: `python -m tests.pictures`.

A test holds that the text in them is what the tool writes today; where things stand may differ
between versions of Graphviz.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from shapecalc.analysis import analyze
from shapecalc.render.diagram.picture import Options, Picture
from shapecalc.target import load_target

EXAMPLES = Path(__file__).parent.parent / "examples"
PICTURES = EXAMPLES / "pictures"


@dataclass(frozen=True)
class Drawing:
    """A picture: its name, the target below `examples/`, the input, and what it shows."""

    name: str
    target: str
    input: str = "N,3,H,W"
    options: Options = field(default_factory=Options)


DRAWINGS = (
    # the lessons, in their order
    Drawing("kernel_by_hand", "kernel_by_hand.py:model", "1,1,4,4"),
    Drawing("edges", "edges.py:model", "1,1,H,W"),
    Drawing("sizes", "sizes.py:strided", "N,1,H,W"),
    Drawing("first_convolutions", "first_convolutions.py:halving", "N,1,H,W"),
    Drawing("channels", "channels.py:colour"),
    Drawing("stacking", "stacking.py:three", "N,1,H,W", Options(fields=True)),
    Drawing("flattening", "flattening.py:dense", ""),
    Drawing("layouts", "layouts.py:Permuted", "N,H,W,3"),
    Drawing("lenet", "lenet.yaml", ""),
    Drawing("unet", "unet.py:UNet"),
    Drawing("resnet50", "resnet.py:resnet50"),
    Drawing("broken", "broken.py:Net", "8,3,32,32"),
    # the README
    Drawing("resnet18", "resnet.py:resnet18"),
)


def drawn(drawing: Drawing) -> str:
    """Return a picture as SVG."""
    path = EXAMPLES / drawing.target
    if path.suffix == ".yaml":
        analysis = analyze(str(path))
    else:
        inputs = (drawing.input,) if drawing.input else ()
        analysis = analyze(load_target(str(path)).model, *inputs)
    return Picture.checked(analysis, drawing.options).svg()


def words(svg: str) -> Iterator[str]:
    """Yield the text of a picture, and its formulas as they are read aloud."""
    for element in ElementTree.fromstring(svg).iter():
        if element.tag.endswith("}text"):
            yield "".join(element.itertext())
        elif "aria-label" in element.attrib:
            yield element.attrib["aria-label"]


def main() -> None:
    """Draw all of them."""
    PICTURES.mkdir(exist_ok=True)
    for drawing in DRAWINGS:
        (PICTURES / f"{drawing.name}.svg").write_text(drawn(drawing), encoding="utf-8")


if __name__ == "__main__":
    main()
