"""Fixtures of every tier."""

pytest_plugins = ["cluster.fixtures"]
