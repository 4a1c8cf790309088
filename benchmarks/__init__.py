"""Measure the speed of ttp and the quality of its recommendation. README.md lists the commands."""
