"""The command line on another machine's store: what the caller sends, and how the server runs it."""
