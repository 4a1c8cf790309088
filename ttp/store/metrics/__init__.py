"""Tables of engagement."""
