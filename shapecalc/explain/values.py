"""Numbers for an input from a file: .npy, .json or .png. Nothing in a file is executed."""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from shapecalc import dims
from shapecalc.errors import InputError
from shapecalc.inputs import Pattern

_NPY = b"\x93NUMPY"
_LARGEST = 1 << 28  # bytes of a file
# what parsers raise, and torch for numbers and shapes that it cannot hold
_BROKEN = (
    ValueError, TypeError, LookupError, SyntaxError, ArithmeticError, RuntimeError, MemoryError,
)  # fmt: skip


def read_values(file: str) -> torch.Tensor:
    """Return the tensor in a file. The pixels of a PNG become channels first, from 0 to 1.

    Raises:
        InputError: the file cannot be read, or holds anything else than numbers.
    """
    path = Path(file)
    readers = {".npy": _npy, ".json": _json, ".png": _png}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{file}: expected a file with numbers, .npy, .json or .png")
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"{file} is larger than {_LARGEST >> 20} MB")
        return reader(path)
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror or error}") from error
    except _BROKEN as error:
        why = str(error).split("\n")[0]
        raise InputError(f"{file} is no {path.suffix.lower()} file with numbers: {why}") from error


def _json(path: Path) -> torch.Tensor:
    def refuse(word: str) -> Any:
        raise ValueError(f"{word} is no number of JSON")

    values = json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
    return as_tensor(values)


def as_tensor(values: Any) -> torch.Tensor:
    """Return nested lists of numbers as a tensor.

    Raises:
        ValueError: they are ragged, or not numbers.
    """
    _check_nested(values)
    return torch.tensor(values, dtype=torch.float64)


def _check_nested(values: Any) -> tuple[int, ...]:
    if isinstance(values, list):
        if not values:
            raise ValueError("a list is empty")
        first, *rest = map(_check_nested, values)
        if any(shape != first for shape in rest):
            raise ValueError("its lists are of different lengths")
        return (len(values), *first)
    if isinstance(values, bool) or not isinstance(values, (int, float)):
        raise ValueError(f"{str(values)[:40]!r} is no number")
    return ()


def _npy(path: Path) -> torch.Tensor:
    """Read the format of NumPy, which is a line of text and the bytes of the elements.

    Source:
        https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
    """
    data = path.read_bytes()
    if data[:6] != _NPY:
        raise ValueError("it does not begin as one")
    wide = data[6] > 1
    start = 12 if wide else 10
    end = start + int.from_bytes(data[8:start], "little")
    header = ast.literal_eval(data[start:end].decode("utf-8"))
    kind, shape = str(header["descr"]), tuple(map(int, header["shape"]))
    if kind[1:] not in _KINDS:
        raise ValueError(f"its elements are {kind}: expected numbers")
    dtype = _KINDS[kind[1:]]
    count, each = math.prod(shape), dtype.itemsize
    body = bytearray(data[end : end + count * each])
    if count <= 0 or len(body) != count * each:
        raise ValueError(f"its {len(body)} bytes are not those of {shape}")
    if kind[0] == ">":
        body = bytearray(
            b"".join(bytes(body[n : n + each][::-1]) for n in range(0, len(body), each))
        )
    flat = torch.frombuffer(body, dtype=dtype).clone()
    if header["fortran_order"]:
        return flat.reshape(shape[::-1]).permute(*reversed(range(len(shape))))
    return flat.reshape(shape)


_KINDS: Mapping[str, torch.dtype] = {
    "f2": torch.float16,
    "f4": torch.float32,
    "f8": torch.float64,
    "i1": torch.int8,
    "i2": torch.int16,
    "i4": torch.int32,
    "i8": torch.int64,
    "u1": torch.uint8,
    "b1": torch.bool,
}


def _png(path: Path) -> torch.Tensor:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path, formats=["PNG"]) as image:
            mode = "L" if image.mode in ("1", "L", "LA", "I", "I;16") else "RGB"
            if image.mode in ("I", "I;16"):
                raise ValueError("16 bits a pixel: save it with 8")
            shown = image.convert(mode)
            width, height = shown.size
            body = bytearray(shown.tobytes())
    except (Image.DecompressionBombError, UnidentifiedImageError) as error:
        raise ValueError("no picture that can be opened") from error
    pixels = torch.frombuffer(body, dtype=torch.uint8).clone().reshape(height, width, -1)
    return pixels.permute(2, 0, 1).double() / 255


def fitted(
    values: torch.Tensor, pattern: Pattern, name: str
) -> tuple[torch.Tensor, dict[str, int]]:
    """Return values as an input of a model, and the sizes of the symbols in its pattern.

    Axes of size 1 are added in front where the pattern has more. `name` is what the values are
    called in a message.

    Raises:
        InputError: they do not fit the pattern.
    """
    given = "x".join(map(str, values.shape)) or "one number"
    wanted = f"{name} is {given}, and {pattern.name} is {pattern}"
    if values.dim() > len(pattern.shape):
        raise InputError(f"{wanted}: that is {len(pattern.shape)} axes")
    values = values.reshape((1,) * (len(pattern.shape) - values.dim()) + tuple(values.shape))
    sizes: dict[str, int] = {}
    for dim, size in zip(pattern.shape, values.shape, strict=True):
        if dim.is_Symbol and sizes.setdefault(str(dim), size) != size:
            raise InputError(f"{wanted}: {dim} would be {sizes[str(dim)]} and {size}")
    for dim, size in zip(pattern.shape, values.shape, strict=True):
        known = {str(symbol) for symbol in dims.symbols_of((dim,))} <= sizes.keys()
        if known and dims.evaluate(dim, sizes) != size:
            raise InputError(f"{wanted}: {size} stands where {dims.format_dim(dim)} is expected")
    return values, sizes
