// Platform: see docs/architecture.
