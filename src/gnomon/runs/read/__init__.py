"""Readers: one format, one file."""
