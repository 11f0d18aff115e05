"""What the measurements are taken with: the log of MLflow, the audit log of the API server, moments."""
