"""Laws of architecture: experts, sparsity, parallel streams, precision, mixers whose cost is linear in the context."""
