"""The desk: what staff see and do. Django looks here for what to register, so each part is imported."""

from ledger.admin import (
    catalogue,
    consents,
    imports,
    log,
    outputs,
    parties,
    people,
    reservations,
    rights,
    site,
    withdrawals,
)

__all__ = [
    "catalogue",
    "consents",
    "imports",
    "log",
    "outputs",
    "parties",
    "people",
    "reservations",
    "rights",
    "site",
    "withdrawals",
]
