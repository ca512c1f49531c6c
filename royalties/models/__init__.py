"""The tables of royalties: plans and splits, usage, runs with their postings."""

from royalties.models.plans import Plan, Split
from royalties.models.runs import (
    Account,
    Advance,
    ExchangeRate,
    PayeeTerms,
    Posting,
    RoyaltyRun,
    RunEvent,
    RunPart,
    RunPartition,
    Statement,
    TaxCertificate,
    Transaction,
)

__all__ = [
    "Account",
    "Advance",
    "ExchangeRate",
    "PayeeTerms",
    "Plan",
    "Posting",
    "RoyaltyRun",
    "RunEvent",
    "RunPart",
    "RunPartition",
    "Split",
    "Statement",
    "TaxCertificate",
    "Transaction",
]
