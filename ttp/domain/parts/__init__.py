"""How a text becomes the parts that a platform publishes."""
