// LoadGeneration: see docs/architecture.
