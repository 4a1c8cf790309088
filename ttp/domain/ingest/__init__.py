"""Reading rows of metrics: ttp's own columns, and those of the platforms' exports.

Owns what the cells of a row mean, and which meanings are refused. Pure: no file, no clock, no store. A reader
(`plain.Reader`) is made for one header, and reads one row of cells after the other.
"""
