"""A loopback server that speaks the HTTP APIs of the platforms, strictly. Starlette and the standard library."""
