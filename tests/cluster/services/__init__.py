"""What runs beside the cluster: stores, MLflow, the operator, and the people who use it."""
