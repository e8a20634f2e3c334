// Server: see docs/architecture.
