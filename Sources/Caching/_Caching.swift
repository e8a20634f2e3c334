// Caching: see docs/architecture.
