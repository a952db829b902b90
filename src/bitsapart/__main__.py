"""`python -m bitsapart` is the command `bitsapart`."""

from .cli import main

main()
