"""The recorded truth of real models, where it is at hand: a slow sweep."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCORE = Path(__file__).parents[2] / "shared" / "zoo" / "score.py"


@pytest.mark.slow
@pytest.mark.skipif(not SCORE.exists(), reason="the recorded models are not at hand")
def test_recorded_models_of_torchvision() -> None:
    for package in ("torchvision", "transformers"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    command = [sys.executable, str(SCORE), "--quick"]
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=here)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
