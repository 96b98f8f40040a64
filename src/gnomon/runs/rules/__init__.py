"""Rules of `check`: one group of findings, one file."""
