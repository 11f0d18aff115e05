"""MLflow over REST: bounded in time and size, every failure one of ours."""
