"""``python -m turntone`` is the command line."""

from .cli import main

main()
