"""Importers: what trackers, trainers and evaluation harnesses leave behind, as runs. One format, one file."""
