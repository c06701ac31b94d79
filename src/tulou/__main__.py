"""`python -m tulou` is the command `tulou`."""

from tulou.cli import main

main()
