"""Whole stores: backups, copies, and what reads every row."""
