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
        [sys.executable, "-m", "ttp", "demo"], env=environ, capture_output=True, text=True, timeout=300, check=True
    )
    assert ran.stderr == ""
    wide = [line for line in ran.stdout.splitlines() if len(line) > 80]
    assert [line for line in wide if " " in line.strip()] == []  # a link is not broken
    assert "  1  PUBLISHED  3 of 3\n" in ran.stdout
    assert "  2  PARTIAL  2 of 3\n" in ran.stdout
    assert "  2  PUBLISHED  3 of 3\n" in ran.stdout
    counts = re.findall(r"^ {3}(x|bluesky|mastodon)/\S+ +27/(\d+)  28/\d+  20/\d+  4 images", ran.stdout, re.MULTILINE)
    assert counts == [("x", "280"), ("bluesky", "300"), ("mastodon", "500")]
    assert not re.search(r"^(\d\d:\d\d:\d\d| *\d+$)", ran.stdout, re.MULTILINE)
