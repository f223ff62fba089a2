"""``python -m mixmaster``."""

from mixmaster.cli import main

main()
