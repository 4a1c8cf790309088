"""One method per thing a user can ask for."""
