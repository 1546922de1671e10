"""The command line: `bessinside`, one file per verb."""

from bessinside.cli.main import app, main

__all__ = ["app", "main"]
