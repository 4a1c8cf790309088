"""Threads: containers and their publication, by docs/reference/platforms/threads.md, 3, 6 and 8. Imports nothing:
workers import its modules one by one, several at once."""
