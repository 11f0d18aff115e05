"""All I/O: the Kubernetes API and MLflow's. What the libraries raise is converted here, into ``errors``."""
