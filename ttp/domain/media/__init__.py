"""Images and videos: their facts, the limits of a platform, and how an image is fitted to them."""
