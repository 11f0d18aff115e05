"""Versions beside one another, and metrics over them."""
