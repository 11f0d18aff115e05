"""What serves MLflow: the Deployment and what its pods read, the Service, the ServiceAccount."""
