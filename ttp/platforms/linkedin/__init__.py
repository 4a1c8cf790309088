"""LinkedIn: posts of a person's own profile."""
