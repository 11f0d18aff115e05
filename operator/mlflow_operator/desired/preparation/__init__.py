"""The Job that makes the stores ready, and the program that runs in it."""
