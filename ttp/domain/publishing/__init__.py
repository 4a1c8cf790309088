"""What a publishing call can end in, and what follows."""
