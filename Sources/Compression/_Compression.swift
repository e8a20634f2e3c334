// Compression: see docs/architecture.
