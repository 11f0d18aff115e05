"""What the registry says of models, versions and runs, and for how long it is remembered."""
