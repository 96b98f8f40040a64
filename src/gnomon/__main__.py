"""`python -m gnomon` is the same as `gnomon`."""

from gnomon.cli.main import main

main()
