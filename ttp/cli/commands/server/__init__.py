"""Commands that serve programs and people elsewhere, or let them in."""
