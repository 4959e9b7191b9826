"""A diagnosis as SARIF 2.1.0, which editors and code hosts read.

Source:
    Static Analysis Results Interchange Format (SARIF) Version 2.1.0, OASIS Standard, 2020.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from shapecalc.diagnose.finding import Finding, Repair
from shapecalc.diagnose.pages import page, rules
from shapecalc.diagnose.rule import Rule
from shapecalc.diagnose.written import Change, change
from shapecalc.graph import Location
from shapecalc.render.diagnosis_json import record
from shapecalc.render.places import relative, source_line
from shapecalc.render.plain import plain
from shapecalc.render.writing import Json

if TYPE_CHECKING:
    from shapecalc.diagnose import Diagnosis

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "SRCROOT"  # the name that readers know for the root of a repository


def document(diagnosis: Diagnosis, *, root: str) -> str:
    """Return the findings as one run; files within `root` are named from there."""
    known = rules()
    codes = [code for code in dict.fromkeys(f.code for f in diagnosis.findings) if code in known]
    driver = {
        "name": "shapecalc",
        "version": _version(),
        "rules": [_rule(known[code]) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "originalUriBaseIds": {_ROOT: {"uri": f"{Path(root).resolve().as_uri()}/"}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, diagnosis, codes, root) for finding in diagnosis.findings],
    }
    written = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(written, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _version() -> str:
    try:
        return metadata.version("torch-shapecalc")
    except metadata.PackageNotFoundError:  # run from a checkout
        return "0"


def _rule(rule: Rule) -> Json:
    found = page(rule)
    text, markdown = list(found.explanation), list(found.explanation)
    for label, code in (("Wrong:", found.wrong), ("Right:", found.right)):
        if code:
            text.append(f"{label}\n{_indented(code)}")
            markdown.append(f"{label}\n```python\n{code}\n```")
    return {
        "id": rule.code,
        "name": rule.kind,
        "shortDescription": {"text": found.title},
        "fullDescription": {"text": " ".join(found.explanation) or found.title},
        "help": {
            "text": "\n\n".join(text) or found.title,
            "markdown": "\n\n".join(markdown) or found.title,
        },
        "defaultConfiguration": {"level": rule.severity},
    }


def _indented(code: str) -> str:
    return "\n".join(f"    {line}" for line in code.splitlines())


def _result(finding: Finding, diagnosis: Diagnosis, codes: list[str], root: str) -> Json:
    result: dict[str, Json] = {
        "ruleId": finding.code,
        "level": finding.severity,
        "message": {"text": "\n".join(map(plain, _lines(finding)))},
        "partialFingerprints": {"shapecalc/v1": _fingerprint(finding)},
        "properties": {"shapecalc": record(finding)},
    }
    if finding.code in codes:
        result["ruleIndex"] = codes.index(finding.code)
    where = finding.used or finding.built
    location: dict[str, Json] = {}
    if where is not None:
        location["physicalLocation"] = _place(where, root)
    if finding.layer:
        name = plain(finding.layer)
        location["logicalLocations"] = [{"fullyQualifiedName": name, "kind": "member"}]
    if location:
        result["locations"] = [location]
    if finding.built is not None and finding.built != where:
        built = {"physicalLocation": _place(finding.built, root), "message": {"text": "built here"}}
        result["relatedLocations"] = [built]
    fixes = [_fix(repair, made, root) for repair, made in _changes(finding, diagnosis)]
    if fixes:
        result["fixes"] = fixes
    return result


def _lines(finding: Finding) -> Iterable[str]:
    yield f"{finding.layer}: {finding.message}" if finding.layer else finding.message
    yield from finding.because
    for repair in finding.repairs:
        yield f"repair: {repair.text} ({repair.tried})"


def _fingerprint(finding: Finding) -> str:
    """Return what stays the same of a finding while lines move."""
    same = "\0".join((finding.code, finding.layer, finding.argument, finding.message))
    return sha256(same.encode()).hexdigest()[:16]


def _place(location: Location, root: str) -> Json:
    region: dict[str, Json] = {"startLine": max(location.line, 1)}
    source = source_line(location)
    if source:
        region["snippet"] = {"text": source}
    return {"artifactLocation": _artifact(location.file, root), "region": region}


def _artifact(file: str, root: str) -> Json:
    named = Path(relative(file, root))
    if named.is_absolute():
        return {"uri": named.as_uri()}
    return {"uri": quote(named.as_posix()), "uriBaseId": _ROOT}


def _changes(finding: Finding, diagnosis: Diagnosis) -> Iterable[tuple[Repair, Change]]:
    for repair in finding.repairs:
        if diagnosis.subject is not None:
            made = change(diagnosis.subject.model, repair)
            if made is not None:
                yield repair, made


def _fix(repair: Repair, made: Change, root: str) -> Json:
    region = {
        "startLine": made.place.line,
        "startColumn": made.start + 1,
        "endColumn": made.end + 1,
    }
    replacement = {"deletedRegion": region, "insertedContent": {"text": made.text}}
    artifact = {
        "artifactLocation": _artifact(made.place.file, root),
        "replacements": [replacement],
    }
    return {"description": {"text": plain(repair.text)}, "artifactChanges": [artifact]}
