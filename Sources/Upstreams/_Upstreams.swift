// Upstreams: see docs/architecture.
