"""The application's use cases: what commands and the publisher ask for."""
