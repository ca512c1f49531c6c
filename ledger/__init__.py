"""The door and the append-only record."""

__version__ = "0.1.0"
