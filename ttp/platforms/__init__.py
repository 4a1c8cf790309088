"""The network: clients of the platforms. No database, no rules of scheduling."""
