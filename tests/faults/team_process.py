"""`ttp` in a process of its own, with a mistake or a stop at one step where the environment asks for it.

python -m tests.faults.team_process run --jsonl
"""

from __future__ import annotations

import os  # noqa: F401
import sys


def main() -> int:
    from ttp.cli.main import main as program

    return program(sys.argv[1:]) or 0


if __name__ == "__main__":
    sys.exit(main())
