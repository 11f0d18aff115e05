"""Who moves a version into a slot: the registry itself, or the claim that governs the slot."""
