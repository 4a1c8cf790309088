"""Leave out what only the extra `dev` has the libraries for."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore = [] if find_spec("numpy") and find_spec("scipy") else ["optimal/test_optimal_model.py"]
