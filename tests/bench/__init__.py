"""What the operator costs and how fast it is, measured in one run on whatever machine this is: `make bench`."""
