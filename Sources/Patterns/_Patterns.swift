// Patterns: see docs/architecture.
