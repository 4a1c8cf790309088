"""A loopback server that speaks the HTTP APIs of the three platforms, strictly. Starlette and the standard library."""
