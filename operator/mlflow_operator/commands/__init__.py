"""Programs beside the operator: they know MLflow alone, and need no cluster."""
