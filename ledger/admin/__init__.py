"""The desk: what staff see and do. Django looks here for what to register, so each part is imported."""

from ledger.admin import catalogue, imports, log, outputs, people, rights, site

__all__ = ["catalogue", "imports", "log", "outputs", "people", "rights", "site"]
