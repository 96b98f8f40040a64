"""One file a reproduction; each has one `REPRODUCTION`."""
