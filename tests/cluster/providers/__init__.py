"""Where the cluster of the end-to-end tests comes from, and when it goes."""
