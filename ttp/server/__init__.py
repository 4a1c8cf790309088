"""The HTTP API: a request is parsed, one service is called, `views` writes the answer."""
