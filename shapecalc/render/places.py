"""Places in the source as people and tools name them."""

from __future__ import annotations

import linecache
import os
from pathlib import Path

from shapecalc.graph import Location


def relative(file: str, root: str | None = None) -> str:
    """Return a path as it is called from `root` or the working directory; absolute from outside.

    >>> relative(os.path.abspath("net.py"))
    'net.py'
    """
    folder, path = Path(os.path.abspath(root or os.curdir)), Path(os.path.abspath(file))
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def place(location: Location) -> str:
    """Return a place as a person names it: `net.py:27`."""
    return f"{relative(location.file)}:{location.line}"


def source_line(location: Location) -> str:
    """Return what stands at a place, empty where the file cannot be read."""
    return linecache.getline(location.file, location.line).strip()
