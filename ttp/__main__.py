"""`python -m ttp`."""

from ttp.cli.main import run

run()
