"""What the speed claims rest on: one command for each subject, one table of ratios, on the machine that it runs on."""
