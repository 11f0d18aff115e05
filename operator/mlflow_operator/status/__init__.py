"""What users read: observations in, status and conditions out. Pure."""
