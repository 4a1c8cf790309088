"""The stand-in for LinkedIn."""
