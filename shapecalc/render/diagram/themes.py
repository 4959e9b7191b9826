"""Colours and fonts: light and dark for screens, paper for print.

A colour never says anything alone: what it marks also has a sign, a dash or a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from shapecalc.graph import Label

ThemeName: TypeAlias = Literal["light", "dark", "paper"]

SANS = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"

# op families, by the headings of the torch reference, to the hue that they share
HUES: Mapping[str, str] = {
    **dict.fromkeys(("convolution", "transposed_convolution", "folding"), "blue"),
    **dict.fromkeys(("pooling", "adaptive_pooling", "unpooling"), "orange"),
    **dict.fromkeys(("normalization", "layer_normalization"), "green"),
    **dict.fromkeys(("activation", "softmax", "dropout"), "yellow"),
    **dict.fromkeys(("linear", "matmul", "products", "einsum"), "violet"),
    **dict.fromkeys(("attention", "multihead_attention", "transformer"), "red"),
    **dict.fromkeys(("recurrent", "recurrent_cells", "packed_sequences"), "red"),
    **dict.fromkeys(("joining", "pointwise"), "teal"),
    **dict.fromkeys(("interpolation", "resampling", "vision"), "brown"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The colours of a picture; `hues` are those of the op families, `tones` those of text."""

    background: str
    box: str
    border: str
    wire: str
    skip: str
    modules: tuple[str, ...]
    module_border: str
    merge: str  # the ground of a box where tensors come together
    merge_border: str
    tones: Mapping[str, str]
    hues: Mapping[str, str]
    other: str
    font: str = SANS
    stripes: bool = True

    def hue(self, family: str) -> str:
        """Return the colour of an op family."""
        return self.hues.get(HUES.get(family, ""), self.other)

    def module(self, depth: int) -> str:
        """Return the ground of an open module, `depth` modules deep."""
        return self.modules[depth % len(self.modules)]


DASHES: Mapping[Label, str] = {Label.PROVED: "", Label.PROBED: "6 3", Label.UNKNOWN: "2 3"}

_LIGHT = Theme(
    background="#ffffff",
    box="#ffffff",
    border="#9aa5b1",
    wire="#52606d",
    skip="#c2410c",
    modules=("#f4f6f8", "#eaeef2", "#dfe5eb"),
    module_border="#c3ccd5",
    merge="#e6f5f3",
    merge_border="#0d9488",
    tones={
        "name": "#14202b",
        "kind": "#3e4c59",
        "quiet": "#52606d",
        "formula": "#14202b",
        "value": "#1d4ed8",
        "error": "#b91c1c",
        "warning": "#92400e",
        "note": "#6d28d9",
    },
    hues={
        "blue": "#2563eb",
        "orange": "#ea7a12",
        "green": "#15924a",
        "yellow": "#caa00a",
        "violet": "#7c3aed",
        "red": "#d6336c",
        "teal": "#0d9488",
        "brown": "#8d6e55",
    },
    other="#9aa5b1",
)

_DARK = Theme(
    background="#14191f",
    box="#1f2730",
    border="#4a5766",
    wire="#9fb0c0",
    skip="#fb923c",
    modules=("#1a2129", "#212a34", "#28333f"),
    module_border="#394656",
    merge="#163b3a",
    merge_border="#2dd4bf",
    tones={
        "name": "#f1f5f9",
        "kind": "#cbd5e1",
        "quiet": "#a5b4c3",
        "formula": "#f1f5f9",
        "value": "#93c5fd",
        "error": "#fca5a5",
        "warning": "#fcd34d",
        "note": "#c4b5fd",
    },
    hues={
        "blue": "#60a5fa",
        "orange": "#fb923c",
        "green": "#4ade80",
        "yellow": "#facc15",
        "violet": "#a78bfa",
        "red": "#f472b6",
        "teal": "#2dd4bf",
        "brown": "#c8a98d",
    },
    other="#64748b",
)

_PAPER = Theme(
    background="#ffffff",
    box="#ffffff",
    border="#000000",
    wire="#000000",
    skip="#000000",
    modules=("#f7f7f7", "#eeeeee", "#e4e4e4"),
    module_border="#8a8a8a",
    merge="#ffffff",
    merge_border="#000000",
    tones={
        "name": "#000000",
        "kind": "#222222",
        "quiet": "#444444",
        "formula": "#000000",
        "value": "#222222",
        "error": "#000000",
        "warning": "#000000",
        "note": "#000000",
    },
    hues={},
    other="#000000",
    font="'STIX Two Text', 'Times New Roman', Times, 'Liberation Serif', serif",
    stripes=False,
)

THEMES: Mapping[str, Theme] = {"light": _LIGHT, "dark": _DARK, "paper": _PAPER}
