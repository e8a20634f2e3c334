// Observability: see docs/architecture.
