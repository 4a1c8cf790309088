"""Text for a terminal: one file per noun, with pure functions from domain objects to lines.

Nothing here writes to a stream or reads a clock. Foreign text goes through `ttp.cli.terminal` before it is measured.
"""
