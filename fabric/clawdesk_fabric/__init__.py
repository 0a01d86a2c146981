"""The Model Fabric: every model call of every task goes through this one process."""

__version__ = "0.1.0"
