"""The tables of royalties: plans and splits, usage, runs with their postings, what follows a statement."""

from royalties.models.payments import (
    ObjectionAnswer,
    Payment,
    PaymentFile,
    PaymentOrder,
    StatementObjection,
)
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
    "ObjectionAnswer",
    "PayeeTerms",
    "Payment",
    "PaymentFile",
    "PaymentOrder",
    "Plan",
    "Posting",
    "RoyaltyRun",
    "RunEvent",
    "RunPart",
    "RunPartition",
    "Split",
    "Statement",
    "StatementObjection",
    "TaxCertificate",
    "Transaction",
]
