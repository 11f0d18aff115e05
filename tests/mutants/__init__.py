"""Do the unit tests notice when the code is wrong? Small wrong changes, one at a time: `make mutants`."""
