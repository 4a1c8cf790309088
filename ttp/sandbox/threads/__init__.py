"""The stand-in of Threads."""
