"""The network: clients of the three platforms. No database, no rules of scheduling."""
