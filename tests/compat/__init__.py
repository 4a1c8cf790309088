"""What readers of ttp's JSON rely on: the forms of the last release, and what would break a reader."""
