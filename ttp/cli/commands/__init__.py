"""The commands: one file per first word."""
