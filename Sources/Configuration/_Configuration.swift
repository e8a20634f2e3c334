// Configuration: see docs/architecture.
