"""`ttp` on the clock of the documents: `python -m tests.docs.program BEGAN COMMAND ...`, see `RunningClock`."""

import sys

from tests.clock import RunningClock
from ttp.cli.main import main

sys.exit(main(sys.argv[2:], RunningClock(float(sys.argv[1]))))
