"""What people ask for and say: another version in a slot, a yes or a no."""
