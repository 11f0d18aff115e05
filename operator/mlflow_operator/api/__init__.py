"""The contract: what users write and read. Pydantic models and nothing else; ``crd`` turns them into CRDs."""
