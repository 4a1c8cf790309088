"""`ttp demo`: the tour, as a newcomer sees it who pipes it somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import inherited


def test_the_tour_shows_all_of_it_in_one_place(tmp_path: Path) -> None:
    environ = {**inherited(), "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    ran = subprocess.run(
        [sys.executable, "-m", "ttp", "demo"], env=environ, capture_output=True, text=True, timeout=120, check=True
    )
    assert ran.stderr == ""
    assert max(map(len, ran.stdout.splitlines())) <= 80
    assert "  1  PARTIAL  2 of 3\n" in ran.stdout
    assert "  1  PUBLISHED  3 of 3\n" in ran.stdout
    assert not re.search(r"^(\d\d:\d\d:\d\d| *\d+$)", ran.stdout, re.MULTILINE)
