"""The stores that the operator runs itself: PostgreSQL and an object store, each on a volume."""
