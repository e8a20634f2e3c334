// HTTP: see docs/architecture.
