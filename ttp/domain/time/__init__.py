"""Time: what a TIME says, which instant it means in a zone, and how instants are shown."""
