"""The stand-in for X."""
