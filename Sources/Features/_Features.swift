// Features: see docs/architecture.
