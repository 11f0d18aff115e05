"""What would happen if a file were applied, found out without writing anything."""
