"""Read rows of metrics: ttp's own columns, and those of the platforms' exports. Decides what cells mean and which
meanings are refused. Pure. A reader is made for one header and reads rows of cells."""
