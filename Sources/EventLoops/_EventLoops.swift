// EventLoops: see docs/architecture.
