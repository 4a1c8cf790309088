"""Set ttp up on a machine, run it there, and remove it."""
