"""What all commands have in common: who asks, what is printed, and how they end."""
