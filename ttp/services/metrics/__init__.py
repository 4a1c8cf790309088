"""Samples come in, and reports go out."""
