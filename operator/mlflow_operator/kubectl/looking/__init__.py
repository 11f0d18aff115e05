"""What is there, what is wrong, and why."""
