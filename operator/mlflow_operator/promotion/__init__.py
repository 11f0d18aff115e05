"""Who may hold a slot, and what has to be written for it. Pure: a snapshot of the registry in, a decision out."""
