"""PromotionPolicies: which of them govern a claim, and a pass over one of them."""
