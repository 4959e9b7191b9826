"""Where in the user's source a call was made."""

from __future__ import annotations

import ast
import contextlib
import linecache
import os
import sys
from functools import lru_cache
from types import FrameType

import torch

from shapecalc.graph import Location

# the function that calls the model: what lies beyond it is not the model's code
START = "_call_model"

_TORCH = os.path.dirname(os.path.abspath(torch.__file__))

_INSIDE = (
    _TORCH + os.sep,
    os.path.join(os.path.dirname(_TORCH), "sympy") + os.sep,
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep,
    contextlib.__file__,  # stands between an error and the place it comes from
    "<",
)


@lru_cache(1 << 12)
def _is_inside(file: str) -> bool:
    """Tell whether a file is torch's or ours, which nobody wants to be pointed to."""
    return file.startswith(_INSIDE) or os.path.abspath(file).startswith(_INSIDE)


@lru_cache(1 << 14)
def _location(file: str, line: int) -> Location:
    return Location(file, line)


def caller() -> Location | None:
    """Return the innermost place outside torch and shapecalc, within the model's own code."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_name != START:
        if not _is_inside(frame.f_code.co_filename):
            return _location(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return None


def is_caught(location: Location | None) -> bool:
    """Tell whether an exception at a place is caught by the code around it."""
    return location is not None and location.line in _lines_in_try(location.file)


def refusal_is_caught() -> bool:
    """Tell whether the model's code, here or in an outer call, catches what torch raises here."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_name != START:
        file = frame.f_code.co_filename
        if not _is_inside(file) and frame.f_lineno in _lines_in_try(file, _REFUSALS):
            return True
        frame = frame.f_back
    return False


# what a handler has to name to catch a refusal of torch; a bare `except` catches it, too
_REFUSALS = ("Exception", "BaseException", "RuntimeError", "ValueError", "IndexError")


@lru_cache(1 << 10)
def _lines_in_try(file: str, types: tuple[str, ...] = ()) -> frozenset[int]:
    """Return the lines of a file in the body of a `try` with an `except`, for one of some types."""
    source = "".join(linecache.getlines(file))
    if "except" not in source:  # spares most files the parser
        return frozenset()
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell of a notebook may hold more than Python
        return frozenset()
    bodies = [
        node.body
        for node in ast.walk(tree)
        if isinstance(node, ast.Try) and any(_catches(handler, types) for handler in node.handlers)
    ]
    ranges = [range(body[0].lineno, (body[-1].end_lineno or 0) + 1) for body in bodies]
    return frozenset(line for lines in ranges for line in lines)


def _catches(handler: ast.ExceptHandler, types: tuple[str, ...]) -> bool:
    if handler.type is None or not types:
        return True
    return any(isinstance(node, ast.Name) and node.id in types for node in ast.walk(handler.type))


def raised_at(error: BaseException) -> Location | None:
    """Return the innermost place outside torch and shapecalc at which an error was raised."""
    found, traceback = None, error.__traceback__
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if not _is_inside(file):
            found = _location(file, traceback.tb_lineno)
        traceback = traceback.tb_next
    return found


def torch_refused(error: BaseException) -> bool:
    """Tell whether an exception is one of the checks that torch makes in Python."""
    if isinstance(error, NotImplementedError):
        return False
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    file = traceback.tb_frame.f_code.co_filename if traceback else ""
    checks = (RuntimeError, ValueError, AssertionError)
    return isinstance(error, checks) and file.startswith(os.path.join(_INSIDE[0], "nn"))
