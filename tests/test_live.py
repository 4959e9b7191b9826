"""At the moment of the error: what a real forward pass raises gets the diagnosis as a note."""

from __future__ import annotations

import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import shapecalc
from tests import torchvision_models as _declared  # noqa: F401  # before torchvision

from torchvision.models import resnet18  # isort: skip

ROOT = Path(shapecalc.__file__).parents[1]


class Net(nn.Module):
    """A classifier of 28x28 grey images, with two mistakes where it is asked for them."""

    def __init__(self, *, channels: int = 8, features: int = 8 * 26 * 26) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 3)
        self.norm = nn.BatchNorm2d(channels)
        self.head = nn.Linear(features, 10)
        self.calls = 0

    def forward(
        self, x: Tensor, *, scale: float = 1.0, extra: dict[str, Any] | None = None
    ) -> Tensor:
        self.calls += 1
        x = self.norm(self.stem(x)) * scale
        if extra is not None:
            x = x + extra["bias"]
        return self.head(x.flatten(1))


def broken() -> Net:
    return Net(channels=16, features=800)


def image(n: int = 2) -> Tensor:
    return torch.rand(n, 1, 28, 28)


def notes(error: BaseException) -> str:
    return "\n".join(getattr(error, "__notes__", ()))


def raised(call: Callable[[], Any], kind: type[BaseException] = RuntimeError) -> BaseException:
    with pytest.raises(kind) as caught:
        call()
    return caught.value


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    original = nn.Module.__call__
    yield
    shapecalc.uninstall()
    assert nn.Module.__call__ is original


def test_the_note_has_all_mistakes() -> None:
    with shapecalc.explain_errors():
        error = raised(lambda: broken()(image()))
    assert "norm" in notes(error)
    assert "head" in notes(error)
    assert "in_features = 800" in notes(error)
    assert "5408 = 8*26*26" in notes(error)


def test_the_error_itself_stays_what_torch_raises() -> None:
    plain = raised(lambda: broken()(image()))
    with shapecalc.explain_errors():
        explained = raised(lambda: broken()(image()))
    assert type(explained) is type(plain)
    assert explained.args == plain.args
    assert not notes(plain)
    files = [frame.filename for frame in traceback.extract_tb(explained.__traceback__)]
    assert not [file for file in files if "shapecalc/diagnose" in file]


def test_outside_of_the_block_nothing_is_explained() -> None:
    with shapecalc.explain_errors():
        pass
    assert not notes(raised(lambda: broken()(image())))


def test_install_holds_until_uninstall() -> None:
    shapecalc.install()
    shapecalc.install()
    assert notes(raised(lambda: broken()(image())))
    shapecalc.uninstall()
    assert not notes(raised(lambda: broken()(image())))
    shapecalc.uninstall()


def test_blocks_within_blocks() -> None:
    with shapecalc.explain_errors():
        with shapecalc.explain_errors():
            pass
        assert notes(raised(lambda: broken()(image())))


def test_it_decorates_a_function() -> None:
    @shapecalc.explain_errors()
    def step() -> None:
        broken()(image())

    assert notes(raised(step))


def test_only_the_outermost_model_is_explained() -> None:
    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = broken()

        def forward(self, x: Tensor) -> Tensor:
            return self.inner(x)

    with shapecalc.explain_errors():
        error = raised(lambda: Outer()(image()))
    assert len(error.__notes__) == 1
    assert "Outer with" in notes(error)


def test_keywords_and_nested_tensors() -> None:
    model = Net(features=800)
    extra = {"bias": torch.zeros(8, 1, 1)}
    with shapecalc.explain_errors():
        error = raised(lambda: model(x=image(), scale=2.0, extra=extra))
    assert "in_features = 800" in notes(error)


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_without_gradients(context: Callable[[], Any]) -> None:
    with context(), shapecalc.explain_errors():
        assert notes(raised(lambda: broken()(image())))


def test_under_autocast() -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16), shapecalc.explain_errors():
        assert "in_features = 800" in notes(raised(lambda: Net(features=800)(image())))


def test_on_the_meta_device() -> None:
    with torch.device("meta"), shapecalc.explain_errors():
        model, x = Net(features=800), torch.empty(2, 1, 28, 28)
        assert "in_features = 800" in notes(raised(lambda: model(x)))


def test_a_training_loop_whose_last_batch_is_smaller() -> None:
    class Fixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(x).view(8, 2)

    model = Fixed()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)

    def epoch() -> None:
        for batch in (8, 8, 5):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(torch.rand(batch, 4)), torch.zeros(8).long())
            loss.backward()
            optimizer.step()

    with shapecalc.explain_errors():
        error = raised(epoch)
    assert "view" in notes(error)
    assert "[5, 2]" in notes(error)


def test_what_a_loss_raises_is_left_alone() -> None:
    with shapecalc.explain_errors():
        out = Net()(image())
        error = raised(lambda: nn.functional.cross_entropy(out, torch.zeros(3).long()), ValueError)
    assert not notes(error)


def test_what_the_model_catches_is_left_alone() -> None:
    class Trying(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(3, 4), nn.Linear(28, 4)

        def forward(self, x: Tensor) -> Tensor:
            try:
                return self.first(x)
            except RuntimeError:
                return self.second(x)

    with shapecalc.explain_errors():
        assert Trying()(image()).shape == (2, 1, 28, 4)


def test_an_error_that_is_no_mistake_in_the_shapes_has_no_note() -> None:
    class Picky(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            if x.sum() > 0:
                raise ValueError("the data are not centred")
            return x

    with shapecalc.explain_errors():
        assert not notes(raised(lambda: Picky()(image()), ValueError))


def test_an_exception_that_somebody_expects_is_not_looked_into() -> None:
    class EnoughError(RuntimeError):
        pass

    class Stopping(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise EnoughError

    with shapecalc.explain_errors():
        assert not notes(raised(lambda: Stopping()(image()), EnoughError))


def test_a_slip_of_ours_hides_no_error_of_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    def slip(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("shapecalc.diagnose.live.check_patterns", slip)
    with shapecalc.explain_errors():
        error = raised(lambda: broken()(image()))
    assert not notes(error)
    assert error.__context__ is None


def test_the_model_and_the_random_numbers_are_left_as_they_were() -> None:
    model = broken().train()
    model.norm.eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(3)
    expected = torch.rand(4)
    with shapecalc.explain_errors():
        x = image()
        torch.manual_seed(3)
        assert notes(raised(lambda: model(x)))
        assert torch.equal(torch.rand(4), expected)
    assert model.calls == 1
    assert model.training
    assert not model.norm.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_frozen_normalization_is_no_mistake() -> None:
    """A batch of one is a mistake for a normalization that trains, not for a frozen one."""
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(9, 2)).train()
    model[1].eval()
    with shapecalc.explain_errors():
        error = raised(lambda: model(torch.rand(1, 4)))
    assert "in_features = 9" in notes(error)
    assert "1 error" in notes(error)


def test_wrappers_of_torch_are_looked_through() -> None:
    compiled = torch.compile(Net(features=800), backend="eager")
    with shapecalc.explain_errors():
        error = raised(lambda: nn.DataParallel(Net(features=800))(image()))
        assert "in_features = 800" in notes(error)
        with pytest.raises(Exception) as caught:  # noqa: PT011  # torch wraps it
            compiled(image())
    assert caught.value is not None


def test_a_compiled_model_still_compiles() -> None:
    model = Net()
    with shapecalc.explain_errors():
        compiled = torch.compile(model, backend="eager", fullgraph=True)
        x = image()
        assert torch.allclose(compiled(x), model(x))


def test_a_trace_is_not_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    shapecalc.install()
    seen: list[Any] = []
    monkeypatch.setattr("shapecalc.diagnose.live.check_patterns", lambda *_, **__: seen.append(1))
    assert shapecalc.analyze(broken(), "2,1,28,28").findings
    assert not seen


def test_what_succeeds_is_not_slower() -> None:
    """What stands in for a call costs well under a microsecond; a ResNet-18 makes 68 of them."""
    leaf = nn.Identity()

    def seconds() -> float:
        best = float("inf")
        for _ in range(7):
            start = time.perf_counter()
            for _ in range(20_000):
                leaf(1)
            best = min(best, time.perf_counter() - start)
        return best / 20_000

    without = seconds()
    with shapecalc.explain_errors():
        extra = seconds() - without
    assert extra < 2e-6


@pytest.mark.benchmark
def test_a_resnet_18_with_and_without() -> None:
    model, x = resnet18(weights=None).eval(), torch.rand(1, 3, 224, 224)
    times: dict[bool, list[float]] = {False: [], True: []}
    with torch.no_grad():
        for n in range(60):
            explained = bool(n % 2)
            start = time.perf_counter()
            if explained:
                with shapecalc.explain_errors():
                    model(x)
            else:
                model(x)
            times[explained].append(time.perf_counter() - start)
    without, explained = (sorted(times[key])[len(times[key]) // 2] for key in (False, True))
    print(
        f"\nResNet-18 forward: {without * 1e3:.2f} ms, with explain_errors {explained * 1e3:.2f} ms"
    )
    assert explained < 1.05 * without


# ---------------------------------------------------------------------------- shapecalc run

SCRIPT = """
import sys
import torch
from torch import nn

model = nn.Sequential(nn.Flatten(), nn.Linear(100, 10))
print(__name__, __file__, sys.argv, sys.path[0])
if "--break" in sys.argv:
    model(torch.zeros(2, 1, 28, 28))
if "--exit" in sys.argv:
    sys.exit(5)
"""


def ran(*arguments: str, folder: Path, explained: bool = True) -> subprocess.CompletedProcess[str]:
    start = [sys.executable, *(["-m", "shapecalc", "run"] if explained else [])]
    paths = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": ""}
    return subprocess.run(
        [*start, *arguments], cwd=folder, env=paths, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


@pytest.fixture
def script(tmp_path: Path) -> Path:
    folder = tmp_path / "experiments"
    folder.mkdir()
    (folder / "train.py").write_text(SCRIPT)
    return folder / "train.py"


def test_a_script_runs_as_python_runs_it(script: Path) -> None:
    arguments = ["--help", "-x", "3", "--exit"]
    plain = ran("experiments/train.py", *arguments, folder=script.parents[1], explained=False)
    found = ran("experiments/train.py", *arguments, folder=script.parents[1])
    assert plain.returncode == 5
    assert (found.stdout, found.returncode) == (plain.stdout, plain.returncode)


def test_what_a_script_raises_is_explained_below_the_traceback(script: Path) -> None:
    plain = ran("experiments/train.py", "--break", folder=script.parents[1], explained=False)
    found = ran("experiments/train.py", "--break", folder=script.parents[1])
    assert (found.stdout, found.returncode) == (plain.stdout, plain.returncode) == (found.stdout, 1)
    assert found.stderr.startswith(plain.stderr)
    note = found.stderr.removeprefix(plain.stderr)
    assert "in_features = 100" in note
    assert "784 = 1*28*28" in note


def test_a_script_that_cannot_be_read(tmp_path: Path) -> None:
    found = ran("nothing.py", folder=tmp_path)
    assert found.returncode == 2
    assert "cannot open nothing.py" in found.stderr


def test_a_script_that_is_no_python(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("x = (\n")
    plain = ran("train.py", folder=tmp_path, explained=False)
    found = ran("train.py", folder=tmp_path)
    assert found.returncode == plain.returncode == 1
    assert found.stderr.splitlines()[1:] == plain.stderr.splitlines()[1:]
