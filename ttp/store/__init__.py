"""The database, the media files and the credentials file. No rules."""
