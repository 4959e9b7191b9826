"""What a command can be about, and what each way of getting it wrong says."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from shapecalc.errors import TargetError
from shapecalc.target import load_target

NETS = """
import torch
from torch import nn

model = nn.Linear(3, 4)
number = 7

class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.layer = nn.Linear(3, width)

class NeedsValues(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, int(torch.ones(5).sum().item()))

class Broken(nn.Module):
    def __init__(self):
        raise ValueError("no width")

def pretrained(weights="everything", progress=True):
    assert weights is None
    return nn.Linear(3, 4)

def downloads():
    torch.hub.load_state_dict_from_url("https://example.org/weights.pth")

def no_module():
    return 7
"""


@pytest.fixture
def nets(tmp_path: Path) -> str:
    path = tmp_path / "nets.py"
    path.write_text(NETS)
    return str(path)


def test_a_model_a_class_a_factory(nets: str) -> None:
    assert isinstance(load_target(f"{nets}:model").model, nn.Linear)
    wide = load_target(f"{nets}:Net", {"width": 9}).model
    assert wide.layer.weight.shape == (9, 3)
    assert wide.layer.weight.is_meta
    assert not load_target(f"{nets}:Net", values=True).model.layer.weight.is_meta


def test_a_module_and_a_nested_attribute() -> None:
    assert isinstance(load_target("torch.nn:Flatten").model, nn.Flatten)
    linear = load_target("torch:nn.Linear", {"in_features": 3, "out_features": 4}).model
    assert linear.weight.shape == (4, 3)


def test_a_constructor_that_needs_values_gets_them(nets: str) -> None:
    loaded = load_target(f"{nets}:NeedsValues")
    assert loaded.model.layer.weight.shape == (5, 3)
    assert "built with values" in loaded.notes[0]


def test_weights_are_never_asked_for(nets: str) -> None:
    assert isinstance(load_target(f"{nets}:pretrained").model, nn.Linear)
    with pytest.raises(TargetError, match="would download weights"):
        load_target(f"{nets}:pretrained", {"weights": "DEFAULT"})
    with pytest.raises(TargetError, match="download weights"):
        load_target(f"{nets}:downloads")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nets.py", "is no target"),
        ("nowhere.py:Net", "there is no file nowhere.py"),
        ("no_such_package.models:Net", "there is no module 'no_such_package'"),
        ("torch.nn:Linaer", "did you mean Linear"),
        ("{nets}:number", "expected an nn.Module"),
        ("{nets}:no_module", "gave int"),
        ("{nets}:Broken", "ValueError: no width"),
        ("{nets}:Missing", "has no attribute 'Missing'"),
    ],
)
def test_a_wrong_target_is_one_message(target: str, message: str, nets: str) -> None:
    with pytest.raises(TargetError) as caught:
        load_target(target.format(nets=nets))
    assert message in str(caught.value)


def test_the_place_of_an_error_is_named(nets: str) -> None:
    line = NETS.splitlines().index('        raise ValueError("no width")') + 1
    with pytest.raises(TargetError, match=rf"nets\.py:{line}"):
        load_target(f"{nets}:Broken")


def test_a_file_that_does_not_parse(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("x = (\n")
    with pytest.raises(TargetError, match=r"SyntaxError.*\n  at .*broken\.py:1"):
        load_target(f"{path}:x")


def test_a_file_that_exits(tmp_path: Path) -> None:
    path = tmp_path / "leaves.py"
    path.write_text("raise SystemExit(0)\n")
    with pytest.raises(TargetError, match="SystemExit"):
        load_target(f"{path}:x")


def test_the_default_device_is_as_before(nets: str) -> None:
    load_target(f"{nets}:Net")
    assert torch.empty(1).device.type == "cpu"
