"""Sources: feeds and releases whose items become posts."""
