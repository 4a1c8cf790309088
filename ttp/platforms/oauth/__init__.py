"""Connecting accounts by OAuth 2: the address a person opens, the code's exchange, renewing, and who it is.

One module for each platform's dialect. They keep nothing, never open a browser, and never show a secret.
"""
