"""Commands that set ttp up on a machine, and check it."""
