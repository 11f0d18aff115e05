"""What can be typed: commands, their arguments and options, and nothing that is slow to import."""
