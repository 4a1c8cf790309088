"""Instagram: containers and their publication, by docs/reference/platforms/instagram.md, 3, 6 and 10. Imports nothing:
workers import its modules one by one, several at once."""
