"""Contract suites that a law, study, engine, store or reader must pass; shipped for users who write their own."""
