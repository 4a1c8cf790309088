"""Tables of `ttp serve`."""
