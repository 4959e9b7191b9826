"""What pytest and hypothesis have to know of this folder."""

import os

from hypothesis import settings

# modules that tests name as targets or that are run by themselves: there is nothing to collect
collect_ignore = ["torchvision_models.py", "benchmark.py", "models.py", "pictures.py", "readme.py"]

# several threads write in any order, as max_unpool does where two indices are alike
os.environ["OMP_NUM_THREADS"] = "1"
os.environ.pop("COLUMNS", None)  # which some runners set: tables are as wide as they need to be

# The machines are shared, so that no example is timed. In CI the same examples are drawn at every
# run: what fails there fails everywhere. Elsewhere each run draws new ones, and goes on looking.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")
