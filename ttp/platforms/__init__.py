"""The network: one folder per platform, and what they share. No database access and no scheduling rules."""
