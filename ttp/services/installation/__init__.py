"""How ttp is set up on a machine, runs there, and leaves it."""
