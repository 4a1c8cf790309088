"""The API of TimeToPost, answered by ttp: its paths and shapes, through the same services as `/v1`."""
