"""ClawDesk: agents work on your own Git repositories, each task in its own micro-VM."""

__version__ = "0.1.0"
