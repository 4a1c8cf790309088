"""`ttp` on the clock of the documents: `python -m tests.docs.program BEGAN PORT COMMAND ...`, see `RunningClock`.

PORT is that of their sandbox.
"""

import sys

from tests.clock import RunningClock
from ttp.cli.main import main

if sys.argv[3:4] == ["sandbox"]:
    from ttp.cli.commands.setup import practice_store

    practice_store.DEFAULT_PORT = int(sys.argv[2])
sys.exit(main(sys.argv[3:], RunningClock(float(sys.argv[1]))))
