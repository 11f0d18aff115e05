"""What a platform asks beside the claim: which policies govern it, what they ask, and where two of them disagree."""
