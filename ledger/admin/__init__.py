"""The desk: what staff see and do. Django looks here for what to register, so each part is imported."""

from ledger.admin import catalogue, licenses, log, outputs, people, rights, site

__all__ = ["catalogue", "licenses", "log", "outputs", "people", "rights", "site"]
