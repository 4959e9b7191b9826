"""The rules, one file per heading of the PyTorch reference.

Importing this package registers every reader and every layer of a spec.
"""

from __future__ import annotations

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
