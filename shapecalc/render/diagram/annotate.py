"""What else is known of each node: findings, receptive fields, and fields past the image's edge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from shapecalc.dims import evaluate
from shapecalc.graph import Label, Layer, ModuleCall
from shapecalc.receptive_field import ReceptiveField
from shapecalc.render import fields
from shapecalc.render.diagram.nodes import Inside, Mark, Node
from shapecalc.render.plain import plain

if TYPE_CHECKING:
    from shapecalc.analysis import Analysis
    from shapecalc.diagnose import Finding

PAST = "▣"  # windows larger than the image
RESTS = "†"  # what is known rests on a mistake
SIGNS = {"error": "✗", "warning": "⚠"}
MEANINGS = {
    "✗": "✗ a mistake",
    "⚠": "⚠ legal, and hardly meant",
    PAST: f"{PAST} windows larger than the image",
    RESTS: f"{RESTS} rests on a mistake: what the layers before it declare is taken for granted",
}


def annotated(
    inside: Inside,
    analysis: Analysis,
    *,
    sizes: Mapping[str, int],
    show_fields: bool,
    findings: Sequence[Finding],
) -> Inside:
    """Return the nodes with their marks and, with `show_fields`, their receptive fields."""
    return _Notes(analysis, sizes, show_fields, findings).inside(inside)


class _Notes:
    def __init__(
        self,
        analysis: Analysis,
        sizes: Mapping[str, int],
        show_fields: bool,
        findings: Sequence[Finding],
    ) -> None:
        self.findings = [finding for finding in findings if finding.severity in SIGNS]
        self.sizes = sizes
        complete = {*sizes} >= {*analysis.symbols}
        wanted = show_fields or complete
        self.input = next(iter(fields.inputs(analysis)), None) if wanted else None
        self.image = next((t.shape for t in analysis.inputs if t.name == self.input), None)
        self.complete = complete
        self.show_fields = show_fields

    def inside(self, inside: Inside) -> Inside:
        """Return an inside with notes on all its nodes."""
        return replace(inside, nodes=tuple(map(self.node, inside.nodes)))

    def node(self, node: Node) -> Node:
        field = self._field(node)
        return replace(
            node,
            inside=None if node.inside is None else self.inside(node.inside),
            marks=(*self._found(node), *(self._past(field) if field is not None else ())),
            field=_written(field) if field is not None and self.show_fields else "",
        )

    def _field(self, node: Node) -> ReceptiveField | None:
        if self.input is None or node.record is None:
            return None
        return fields.fields_of(node.record).get(self.input)

    def _found(self, node: Node) -> Iterator[Mark]:
        """Yield the findings on a node and on what is folded into it."""
        if node.role in ("input", "output"):
            return
        for finding in self.findings:
            layer = plain(finding.layer)
            if layer == node.path or (node.inside and layer.startswith(f"{node.path}.")):
                yield Mark(finding.severity, SIGNS[finding.severity], plain(finding.message))
        if node.record is not None and _rests_on_a_mistake(node.record):
            yield Mark("note", RESTS, "rests on a mistake before it")

    def _past(self, field: ReceptiveField) -> Iterator[Mark]:
        """Yield a mark where every window is larger than the image."""
        if not self.complete or self.image is None or field.unknown:
            return
        for position in range(len(field.axes)):
            smallest = field.extents[position].smallest
            if smallest is None or fields.is_whole(field, position):
                continue
            image = evaluate(field.per_axis[position].size, self.sizes)
            if not smallest.free_symbols and evaluate(smallest, {}) > image:
                text = f"windows of {smallest} are larger than the image of {image}"
                yield Mark("note", PAST, text)
                return


def _rests_on_a_mistake(record: Layer | ModuleCall) -> bool:
    if isinstance(record, Layer):
        return bool(record.rests_on)
    graph = record.home.graph
    return graph is not None and any(graph.layers[n].rests_on for n in record.layers)


def _written(field: ReceptiveField) -> str:
    cells = fields.cells(field)
    if not cells.field:
        return ""
    stride = f", stride {cells.stride}" if cells.stride else ""
    known = "" if cells.known == "exact" else f" ({cells.known})"
    return f"field {cells.field}{stride}{known}"


def legend(nodes: Sequence[Node]) -> Iterator[str]:
    """Yield what the signs on some nodes mean, each once."""
    used = {mark.sign for node in nodes for mark in node.marks}
    signs = [meaning for sign, meaning in MEANINGS.items() if sign in used]
    labels = {node.label for node in nodes}
    if Label.PROBED in labels:
        signs.append("≈ dashed: probed, measured at some sizes")
    if Label.UNKNOWN in labels:
        signs.append("? dotted: unknown")
    if signs:
        yield "; ".join(signs)
