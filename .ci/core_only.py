"""Checks what a core-only install imports at start-up, in real processes. Run by an interpreter that has ttp alone."""

import subprocess
import sys

HEAVY = {"sqlalchemy", "sqlmodel", "alembic", "httpx", "rich", "dateutil", "croniter", "twitter_text", "pydantic"}
AT_ONCE = (("--version",), ("--help",), (), ("__complete", "post"))
"""Answered before Typer is imported."""
BY_TYPER = (("list",), ("status",), ("help", "time"), ("list", "--help"))
PROGRAM = """
import sys
from ttp.cli.main import main
main(sys.argv[1:])
print("\\n" + " ".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def imported(argv: tuple[str, ...]) -> set[str]:
    command = [sys.executable, "-c", PROGRAM, *argv]
    # Not from the project's folder: what is installed is to be imported, not what lies here.
    ran = subprocess.run(command, cwd="/", capture_output=True, text=True, check=True, timeout=60)
    return set(ran.stdout.splitlines()[-1].split())


def main() -> int:
    wrong = 0
    for argv in (*AT_ONCE, *BY_TYPER):
        found = imported(argv) & (HEAVY | {"typer"} if argv in AT_ONCE else HEAVY)
        print(f"ttp {' '.join(argv)}: {'imports ' + ', '.join(sorted(found)) if found else 'ok'}")
        wrong += bool(found)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
