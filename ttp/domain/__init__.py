"""The rules: frozen data and pure functions. No I/O, no clock reads, the standard library only."""
