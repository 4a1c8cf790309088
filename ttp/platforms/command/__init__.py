"""A program of the user's as a platform, by docs/reference/platforms/command.md. Imports none of its modules: workers
import its modules one by one, several at once."""
