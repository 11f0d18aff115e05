"""Fixtures of every tier."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["cluster.fixtures", "workers"]

# How long an example takes says more of the machine than of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
