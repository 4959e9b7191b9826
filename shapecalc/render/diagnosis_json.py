"""A diagnosis as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shapecalc.diagnose.finding import Finding, Repair
from shapecalc.graph import Location
from shapecalc.render.writing import VERSION, Json, write

if TYPE_CHECKING:
    from shapecalc.diagnose import Diagnosis


def document(diagnosis: Diagnosis) -> str:
    """Return all findings of a check."""
    subject = diagnosis.subject
    case = None if subject is None else subject.case
    return write(
        {
            "format": "shapecalc/diagnosis",
            "version": VERSION,
            "name": diagnosis.name,
            "training": subject is not None and subject.train,
            "inputs": {} if case is None else _value(case.shapes(case.sizes)),
            "clean": bool(diagnosis),
            "findings": [record(finding) for finding in diagnosis.findings],
        }
    )


def record(finding: Finding) -> dict[str, Json]:
    """Return one finding."""
    return {
        "code": finding.code,
        "kind": finding.kind,
        "severity": finding.severity,
        "message": finding.message,
        "layer": finding.layer,
        "op": finding.op,
        "argument": finding.argument,
        "got": _value(finding.got),
        "expected": _value(finding.expected),
        "because": list(finding.because),
        "built": _location(finding.built),
        "used": _location(finding.used),
        "group": finding.group,
        "rests_on": list(finding.rests_on),
        "repairs": [_repair(repair) for repair in finding.repairs],
    }


def _repair(repair: Repair) -> dict[str, Json]:
    """Return a repair: of a layer, of what is fed, or of a line of the source."""
    if repair.input is not None:
        what: dict[str, Json] = {"input": _value(repair.input)}
    elif repair.layer:
        value = _value(repair.value)
        what = {"layer": repair.layer, "argument": repair.argument, "value": value}
    else:
        what = {}
    return {"text": repair.text, **what, "tried": repair.tried}


def _location(location: Location | None) -> Json:
    return None if location is None else {"file": location.file, "line": location.line}


def _value(value: Any) -> Json:
    """Return a size, a shape or whatever a rule compares; a formula as text."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): _value(entry) for key, entry in value.items()}
    if isinstance(value, (tuple, list)):
        return [_value(entry) for entry in value]
    if getattr(value, "is_Integer", False):
        return int(value)
    return str(value)
