"""ClawDesk: run agents and other processes on your own Git repositories, each in its own micro-VM."""

__version__ = "0.1.0"
