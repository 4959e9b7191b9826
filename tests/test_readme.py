"""The README says what is so."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from tests import readme

ROOT = Path(__file__).parent.parent
TEXT = readme.README.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", readme.QUICK)
def test_generated_parts_are_current(name: str) -> None:
    current = readme.PARTS[name]()
    assert readme.part(name, TEXT) == current, "run `python -m tests.readme`"


def test_the_commands_name_an_exact_torch() -> None:
    for command in re.findall(r"^.*pip install .*$", TEXT, re.MULTILINE):
        if "torch" in command.replace("torchvision", ""):
            assert "torch==2.13.0" in command
    assert "pip install --no-deps torchvision==0.28.0" in TEXT


def test_torch_is_not_a_requirement() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == "torch-shapecalc"
    assert not any(need.startswith("torch") for need in project["dependencies"])
    assert "shapecalc" in project["scripts"]


def test_ci_finds_the_test_command() -> None:
    section = TEXT[TEXT.index("## Test it") :]
    command = section.split("```")[1]
    assert "python -m pytest" in command


COMMANDS = re.findall(
    r"^shapecalc ((?:show|field|explain|verify|spec) [^#\n]*examples/[^#\n]*)", TEXT, re.MULTILINE
)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_run(command: str, tmp_path: Path) -> None:
    elsewhere = command.replace("effective.png", str(tmp_path / "effective.png"))
    assert readme.printed(*shlex.split(elsewhere))


@pytest.mark.parametrize("path", re.findall(r"examples/[\w/.]+\.(?:py|yaml|svg|png)", TEXT))
def test_examples_that_are_named_are_there(path: str) -> None:
    assert (ROOT / path).exists()
