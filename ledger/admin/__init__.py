"""The desk: what staff see and do. Django looks here for what to register, so each part is imported."""

from ledger.admin import (
    assets,
    campaigns,
    catalogue,
    clearances,
    conflicts,
    consents,
    imports,
    licenses,
    log,
    outputs,
    parties,
    people,
    reservations,
    shares,
    site,
    withdrawals,
)

__all__ = [
    "assets",
    "campaigns",
    "catalogue",
    "clearances",
    "conflicts",
    "consents",
    "imports",
    "licenses",
    "log",
    "outputs",
    "parties",
    "people",
    "reservations",
    "shares",
    "site",
    "withdrawals",
]
