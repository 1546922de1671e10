"""`python -m bessinside` is the same as `bessinside`."""

from bessinside.cli import main

main()
