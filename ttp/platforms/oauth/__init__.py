"""OAuth 2 parts that platforms share. They store nothing, never open a browser, and never show a secret."""
