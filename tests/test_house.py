"""The house rules that a machine can hold."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import shapecalc
import shapecalc.ops
from shapecalc.op import Op
from shapecalc.registry import LAYERS, READERS

ROOT = Path(shapecalc.__file__).parent

# From the ground up: a module imports only what stands before it. Names are files or packages.
ORDER = (
    "errors", "dims", "conditions", "sets", "access", "dtypes", "op", "registry", "ops", "graph", "coverage", "receptive_field", "at", "inputs", "hints",
    "sizes", "solve", "trace", "spec", "target", "analysis", "diagnose", "verify", "explain", "render", "cli", "__main__",
)  # fmt: skip
# Imports against the order, made inside functions, and why.
LAZY = {
    ("analysis", "verify"): "a.verify() is a method for people's sake",
    ("analysis", "explain"): "a.explain() is a method for people's sake",
    ("analysis", "render"): "print(a) is the table",
    ("analysis", "diagnose"): "a.findings are those of check",
    ("diagnose", "render"): "print(diagnosis) is the text",
    ("explain", "render"): "print(explanation) is the text",
    ("sizes", "render"): "print(a.sizes) is the answer in words",
    ("graph", "receptive_field"): "a[name].receptive_field is an attribute for people's sake",
}
FORBIDDEN = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
ONLY_IN = {"islpy": "sets/", "sympy": "dims/ sets/ trace/size_node.py"}


def modules() -> Iterator[ModuleType]:
    for module in pkgutil.walk_packages([str(ROOT)], "shapecalc."):
        if not module.name.endswith("__main__"):
            yield importlib.import_module(module.name)


def sources() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield (module, at the top level) for every import of a file, type checking left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    checking = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in checking:
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "shapecalc":
                for alias in node.names:
                    yield f"shapecalc.{alias.name}", node in tree.body
            else:
                yield node.module, node in tree.body
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node in tree.body


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    here = room(path)
    if here == "__init__":
        return
    for name, _ in imports(path):
        parts = name.split(".")
        if parts[0] != "shapecalc":
            continue
        assert len(parts) > 1, f"{path} imports the public names: nobody inside does"
        there = parts[1]
        assert there in ORDER, f"{there} has no place in the order"
        if (here, there) not in LAZY:
            assert ORDER.index(there) <= ORDER.index(here), f"{path}: {here} imports {there}"


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_rules_and_sets_keep_their_libraries_to_themselves(path: Path) -> None:
    relative = path.relative_to(ROOT).as_posix()
    for name, at_top in imports(path):
        library = name.split(".")[0]
        if library == "torch":
            torch_side = (
                room(path) in ("trace", "verify", "diagnose", "explain")
                or relative == "spec/build_module.py"
            )
            assert torch_side or not at_top, f"{relative} imports torch"
            assert room(path) not in (
                "ops",
                "op",
                "registry",
                "dims",
                "conditions",
                "sets",
                "graph",
            )
        if library in ONLY_IN:
            homes = tuple(ONLY_IN[library].split())
            assert relative.startswith(homes), f"{relative} imports {library}"


def test_no_room_without_a_name() -> None:
    for path in ROOT.rglob("*"):
        assert path.stem not in FORBIDDEN, path


def test_public_objects_have_docstrings() -> None:
    missing = []
    for module in modules():
        if not module.__doc__:
            missing.append(module.__name__)
        for name, value in vars(module).items():
            mine = getattr(value, "__module__", None) == module.__name__
            documented = inspect.isclass(value) or inspect.isfunction(value)
            if mine and documented and not name.startswith("_") and not inspect.getdoc(value):
                missing.append(f"{module.__name__}.{name}")
    assert not missing


def ops() -> list[type[Op]]:
    found = []
    for module in pkgutil.iter_modules(shapecalc.ops.__path__):
        members = vars(importlib.import_module(f"shapecalc.ops.{module.name}"))
        found += [
            value
            for value in members.values()
            if inspect.isclass(value)
            and issubclass(value, Op)
            and value is not Op
            and value.__module__ == f"shapecalc.ops.{module.name}"
        ]
    return found


@pytest.mark.parametrize("op", ops(), ids=lambda op: op.__name__)
def test_ops_cite_their_source(op: type[Op]) -> None:
    text = op.__doc__ or ""
    sections = re.findall(r"^    (Shapes|Units|Raises|Source):$", text, re.MULTILINE)
    assert "Shapes" in sections, "say what goes in and comes out"
    assert "Source" in sections, "say where the formula is from"
    order = ["Shapes", "Units", "Raises", "Source"]
    assert sections == sorted(sections, key=order.index), f"the order is {', '.join(order)}"
    assert re.search(r"https?://|doi|arXiv|\d{4}", text[text.index("Source:") :])


def test_readers_and_layers_are_in_a_family() -> None:
    families = {module.name for module in pkgutil.iter_modules(shapecalc.ops.__path__)}
    assert {reader.family for reader in READERS.values()} <= families
    assert {layer.family for layer in LAYERS.values()} <= families


def test_every_reader_is_found_in_torch() -> None:
    from shapecalc.trace.targets import targets

    assert len(targets()) >= len(READERS)


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_a_layer_of_a_spec_has_the_parameters_of_torch(name: str) -> None:
    """The builder's signature is the constructor's, so that a spec reads like torch."""
    from torch import nn

    constructor = getattr(nn, name, None)
    if constructor is None:  # a function of torch, such as cat
        return
    theirs = [p for p in inspect.signature(constructor).parameters if p not in _NOT_IN_SPECS]
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    if any(p.kind in kinds for p in inspect.signature(constructor).parameters.values()):
        return
    built = list(inspect.signature(LAYERS[name].build).parameters.values())[2:]
    if any(p.kind is p.VAR_KEYWORD for p in built):  # losses take the options of all losses
        return
    assert [p.name for p in built if p.name not in _NOT_IN_SPECS] == theirs


# where to build, and what torch deprecated
_NOT_IN_SPECS = {
    "device",
    "dtype",
    "_weight",
    "_freeze",
    "self",
    "custom_encoder",
    "custom_decoder",
    "size_average",
    "reduce",
    "min_value",
    "max_value",
}
