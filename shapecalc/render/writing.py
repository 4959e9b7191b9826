"""How a JSON document is written."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

Json: TypeAlias = Any  # what the json module writes

VERSION = 1


def write(value: dict[str, Json]) -> str:
    """Write one key a line, and one entry a line of its lists: short, and easy to search."""
    lines = ",\n".join(f"  {_line(key)}: {_entries(entry)}" for key, entry in value.items())
    return f"{{\n{lines}\n}}\n"


def _entries(value: Json) -> str:
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return _line(value)
    lines = ",\n".join(f"    {_line(entry)}" for entry in value)
    return f"[\n{lines}\n  ]"


def _line(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
