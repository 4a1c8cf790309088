"""Public URLs for local media: some platforms fetch media themselves and take no bytes (the kinds of `media_host`)."""
