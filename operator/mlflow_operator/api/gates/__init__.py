"""What a version has to prove before it may hold a slot, and what may be asked of people and services."""
