"""What a command is about: `package.module:attribute`, `path/to/file.py:attribute`, `spec.yaml`."""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from shapecalc.errors import TargetError

if TYPE_CHECKING:
    from torch import nn

    from shapecalc.spec import Spec

# parameters of factories that ask for pretrained weights, which are never wanted here
_WEIGHTS = ("weights", "weights_backbone", "pretrained", "pretrained_backbone")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model ready for analysis; `notes` says what was special about building it.

    `initial` tells whether it has just been built, so that its weights are not trained.
    """

    model: nn.Module | Spec
    name: str
    notes: tuple[str, ...] = ()
    initial: bool = True


@dataclass(frozen=True, slots=True)
class Factory:
    """A class or function that makes a model, with its arguments; it downloads no weights."""

    function: Callable[..., Any]
    name: str
    arguments: Mapping[str, object]

    @property
    def __name__(self) -> str:  # what a diagnosis calls a model that could not be built
        return self.name

    def __call__(self) -> Any:
        """Make the model.

        Raises:
            TargetError: it wants to download weights.
        """
        with _offline():
            return self.function(**self.arguments)


def load_target(
    text: str, arguments: Mapping[str, object] | None = None, *, values: bool = False
) -> Loaded:
    """Find, import and build a target.

    A model is built on the meta device, so that no weight is allocated, unless `values` are
    wanted or its constructor needs them.

    Raises:
        TargetError: it cannot be found, imported or built.
        SpecError: a YAML spec has a mistake.
    """
    found = find_target(text, arguments)
    if isinstance(found, Loaded):
        return found
    model, notes = _construct(found, text, values=values)
    return Loaded(_module(model, text), found.name, notes)


def find_target(text: str, arguments: Mapping[str, object] | None = None) -> Loaded | Factory:
    """Find and import a target; a class or a factory is not called yet.

    Raises:
        TargetError: it cannot be found or imported, or does not take the arguments.
        SpecError: a YAML spec has a mistake.
    """
    arguments = dict(arguments or {})
    if text.lower().endswith((".yaml", ".yml")):
        if arguments:
            raise TargetError("a spec takes no arguments: leave --arg out")
        from shapecalc import spec

        loaded = spec.load(Path(text))
        return Loaded(loaded, loaded.name or Path(text).stem)
    place, colon, attribute = text.rpartition(":")
    if not colon or not place or not attribute:
        raise TargetError(
            f"{text!r} is no target: expected package.module:attribute, "
            f"path/to/file.py:attribute or spec.yaml{_suggestion(Path(text.rstrip(':')))}"
        )
    if importlib.util.find_spec("torch") is None:
        raise TargetError(
            f"{text} needs PyTorch, which is not installed: pip install torch "
            "(the build that fits this machine)"
        )
    module = _import(place)
    found: Any = module
    within = place
    for part in attribute.split("."):
        if not hasattr(found, part):
            near = get_close_matches(part, dir(found), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise TargetError(f"{within} has no attribute {part!r}{hint}")
        found = getattr(found, part)
        within = f"{within}.{part}" if within != place else f"{place}:{part}"
    return _factory(found, text, attribute, arguments)


def _suggestion(path: Path) -> str:
    """Return a target in a file that was named without one."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ""
    classes = [entry.name for entry in tree.body if isinstance(entry, ast.ClassDef) and entry.bases]
    return f"; here {path}:{classes[-1]}, for one" if classes else ""


def _import(place: str) -> ModuleType:
    is_file = place.endswith(".py") or os.sep in place
    try:
        if is_file:
            return _import_file(Path(place))
        with _on_path(Path.cwd()):
            return importlib.import_module(place)
    except TargetError:
        raise
    except ModuleNotFoundError as error:
        if error.name and (place == error.name or place.startswith(f"{error.name}.")):
            raise TargetError(f"there is no module {error.name!r}") from error
        raise _raised(f"importing {place}", error) from error
    except (Exception, SystemExit) as error:  # the user's code may raise anything
        raise _raised(f"importing {place}", error) from error


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise TargetError(f"there is no file {path}")
    name = path.stem if path.stem.isidentifier() else "target"
    source = importlib.util.spec_from_file_location(name, path.resolve())
    if source is None or source.loader is None:
        raise TargetError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(source)
    known = sys.modules.setdefault(name, module)  # dataclasses and pickles look their module up
    try:
        with _on_path(path.resolve().parent):
            source.loader.exec_module(module)
    except BaseException:
        if known is module:
            sys.modules.pop(name, None)  # nobody is to find half of it
        raise
    return module


@contextlib.contextmanager
def _on_path(folder: Path) -> Iterator[None]:
    """Let imports find what lies beside the target."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):  # the imported code may have changed the path
            sys.path.remove(str(folder))


def _factory(found: Any, text: str, name: str, arguments: dict[str, object]) -> Loaded | Factory:
    from torch import nn

    if isinstance(found, nn.Module):
        if arguments:
            raise TargetError(f"{text} is a model already built: it takes no --arg")
        return Loaded(found, name, initial=False)
    if not callable(found):
        kind = type(found).__name__
        raise TargetError(f"{text} is of type {kind}: expected an nn.Module, a class or a factory")
    arguments = _without_weights(found, arguments, text)
    _check_arguments(found, arguments, text)
    return Factory(found, name, arguments)


def _module(made: Any, text: str) -> nn.Module:
    from torch import nn

    if not isinstance(made, nn.Module):
        given = f"the class {made.__name__}" if isinstance(made, type) else type(made).__name__
        raise TargetError(f"{text} gave {given}, which is no nn.Module")
    return made


def _check_arguments(found: Callable[..., Any], arguments: Mapping[str, object], text: str) -> None:
    """Demand the arguments that a class or factory takes, in the words of the command line."""
    try:
        parameters = inspect.signature(found).parameters.values()
    except (TypeError, ValueError):
        return  # written in C: it will say itself what it misses
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    known = [p.name for p in parameters if p.kind not in several]
    anything = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
    for name in arguments:
        if name not in known and not anything:
            near = get_close_matches(name, known, n=1)
            takes = f"; did you mean {near[0]}?" if near else f": it takes {', '.join(known)}"
            raise TargetError(f"{text} has no argument {name!r}{takes if known else ''}")
    required = [p.name for p in parameters if p.name in known and p.default is p.empty]
    missing = [name for name in required if name not in arguments]
    if missing:
        give = " ".join(f"--arg {name}=..." for name in missing)
        raise TargetError(f"{text} needs {', '.join(missing)}: give {give}")


def _construct(made: Factory, text: str, *, values: bool) -> tuple[Any, tuple[str, ...]]:
    import torch

    notes: tuple[str, ...] = ()
    if not values:
        try:
            with torch.device("meta"):
                return made(), notes
        except TargetError:
            raise
        except (Exception, SystemExit) as error:  # constructors raise anything on meta tensors
            why = f"{type(error).__name__}: {error}".split("\n")[0]
            notes = (f"built with values, since building on the meta device failed ({why})",)
    try:
        return made(), notes
    except TargetError:
        raise
    except (Exception, SystemExit) as error:
        raise _raised(f"building {text}", error) from error


def _without_weights(
    found: Callable[..., Any], arguments: dict[str, object], text: str
) -> dict[str, object]:
    """Return the arguments with every request for pretrained weights declined."""
    wanted = [name for name in _WEIGHTS if arguments.get(name)]
    if wanted:
        raise TargetError(f"{text}: {wanted[0]} would download weights, which shapes do not need")
    try:
        parameters = inspect.signature(found).parameters
    except (TypeError, ValueError):
        return arguments
    declined = {
        name: False if isinstance(parameters[name].default, bool) else None
        for name in _WEIGHTS
        if name in parameters and parameters[name].default not in (None, False)
        and parameters[name].default is not inspect.Parameter.empty
    }  # fmt: skip
    return {**declined, **arguments}


@contextlib.contextmanager
def _offline() -> Iterator[None]:
    """Refuse torch's downloads of weights while a model is built."""
    import torch.hub

    def refuse(url: str, *args: object, **kwargs: object) -> Any:
        raise TargetError(f"the model wants to download weights from {url}: ask for none")

    kept = torch.hub.load_state_dict_from_url, torch.hub.download_url_to_file
    torch.hub.load_state_dict_from_url = refuse
    torch.hub.download_url_to_file = refuse
    try:
        yield
    finally:
        torch.hub.load_state_dict_from_url, torch.hub.download_url_to_file = kept


def _raised(doing: str, error: BaseException) -> TargetError:
    """Return one message for what the user's code raised, with its file and line."""
    ours = (__file__, importlib.__file__, getattr(sys.modules.get("torch"), "__file__", None))
    inside = ("<", *(f"{Path(file).parent}{os.sep}" for file in ours if file))
    where = ""
    traceback = error.__traceback__
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if not file.startswith(inside):
            where = f"{file}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    if isinstance(error, SyntaxError) and error.filename:
        where = f"{error.filename}:{error.lineno}"
    at = f"\n  at {where}" if where else ""
    return TargetError(f"{doing} failed: {type(error).__name__}: {error}{at}")
