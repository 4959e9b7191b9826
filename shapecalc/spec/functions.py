"""The functions of torch that a spec may use as layers, between those of `torch.nn`.

Each is written as torch documents it. Operands come first, without a type; `*tensors` is passed
to torch as a list.

Source:
    https://pytorch.org/docs/stable/torch.html
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from shapecalc.registry import READERS, Reader
from shapecalc.spec.parameters import Signature, parameter

_STUBS = """
def torch.add(input, other)
def torch.sub(input, other)
def torch.mul(input, other)
def torch.div(input, other)
def torch.maximum(input, other)
def torch.minimum(input, other)
def torch.matmul(input, other)
def torch.bmm(input, mat2)
def torch.cat(*tensors, dim: int = 0)
def torch.stack(*tensors, dim: int = 0)
def torch.chunk(input, chunks: int, dim: int = 0)
def torch.split(input, split_size_or_sections: PerAxis, dim: int = 0)
def torch.unbind(input, dim: int = 0)
def torch.reshape(input, shape: tuple[IntoDim, ...])
def torch.flatten(input, start_dim: int = 0, end_dim: int = -1)
def torch.unflatten(input, dim: int, sizes: tuple[IntoDim, ...])
def torch.permute(input, dims: tuple[int, ...])
def torch.transpose(input, dim0: int, dim1: int)
def torch.movedim(input, source: int | tuple[int, ...], destination: int | tuple[int, ...])
def torch.squeeze(input, dim: int | tuple[int, ...])
def torch.unsqueeze(input, dim: int)
def torch.narrow(input, dim: int, start: IntoDim, length: IntoDim)
def torch.select(input, dim: int, index: int)
def torch.flip(input, dims: tuple[int, ...])
def torch.roll(input, shifts: PerAxis, dims: int | tuple[int, ...] | None = None)
def torch.mean(input, dim: int | tuple[int, ...] | None = None, keepdim: bool = False)
def torch.sum(input, dim: int | tuple[int, ...] | None = None, keepdim: bool = False)
def torch.amax(input, dim: int | tuple[int, ...] = (), keepdim: bool = False)
def torch.amin(input, dim: int | tuple[int, ...] = (), keepdim: bool = False)
def torch.relu(input)
def torch.sigmoid(input)
def torch.tanh(input)
def torch.exp(input)
def torch.logsumexp(input, dim: int | tuple[int, ...], keepdim: bool = False)
def torch.nn.functional.gelu(input, approximate: str = "none")
def torch.nn.functional.silu(input)
def torch.nn.functional.softmax(input, dim: int)
def torch.nn.functional.log_softmax(input, dim: int)
def torch.nn.functional.normalize(input, p: float = 2.0, dim: int = 1)
def torch.nn.functional.pad(input, pad: tuple[IntoDim, ...], mode: str = "constant")
def torch.nn.functional.interpolate(input, size: PerAxis | None = None, \
scale_factor: float | tuple[float, ...] | None = None, mode: str = "nearest", \
align_corners: bool | None = None)
def torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal: bool = False)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function of torch: its full name, its parameters and how many tensors it takes.

    `operands` is None where it takes a list of any number of tensors.
    """

    target: str
    operands: int | None
    signature: Signature

    @property
    def name(self) -> str:
        """The name in a spec: the last part of the full one."""
        return self.target.rpartition(".")[2]

    @property
    def reader(self) -> Reader:
        """What turns a call of it into an op."""
        return READERS.get(self.target.removeprefix("torch.")) or READERS[self.name]


@cache
def functions() -> Mapping[str, Function]:
    """Return the functions that a spec may use, by name."""
    stubs = (_function(line) for line in _STUBS.strip().replace("\\\n", "").splitlines())
    return {stub.name: stub for stub in stubs}


def _function(stub: str) -> Function:
    target, _, rest = stub.removeprefix("def ").partition("(")
    name = target.rpartition(".")[2]
    definition = ast.parse(f"def {name}({rest}: ...").body[0]
    assert isinstance(definition, ast.FunctionDef)
    arguments = definition.args
    entries = [*arguments.args, *arguments.kwonlyargs]
    values = [*arguments.defaults, *filter(None, arguments.kw_defaults)]
    first = len(entries) - len(values)  # defaults belong to the last entries
    defaults = [inspect.Parameter.empty] * first + [ast.literal_eval(value) for value in values]
    typed = {
        entry.arg: inspect.Parameter(
            entry.arg,
            inspect.Parameter.KEYWORD_ONLY,
            default=default,
            annotation=ast.unparse(entry.annotation),
        )
        for entry, default in zip(entries, defaults, strict=True)
        if entry.annotation is not None
    }
    parameters = {n: parameter(name, entry) for n, entry in typed.items()}
    return Function(
        target=target,
        operands=None if arguments.vararg else len(entries) - len(typed),
        signature=Signature(type=name, parameters=parameters),
    )
