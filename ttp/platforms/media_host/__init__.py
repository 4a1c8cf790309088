"""Public URLs for local media, for platforms that fetch media themselves (`media_host` settings)."""
