"""A statement to try things on."""

from datetime import UTC, date, datetime
from fractions import Fraction
from uuid import UUID

from ledger.statements.document import Document, Line, Payout
from royalties.account import PayeeTerms, Withholding, settle
from royalties.allocation import allocate

_W1, _W2 = Fraction(119, 3200), Fraction(119, 2000)
WEIGHTS = {"W1": _W1, "W2": _W2, "rest": 1 - _W1 - _W2}


def document(*, title: str = "Harbour Song", count: int = 1) -> Document:
    """Build the statement of a payee who gets W1 and W2 of so many pools of 1,000.01."""
    found = {line.leaf: line for line in allocate(100_001, WEIGHTS)}
    lines = [
        Line(
            output_id=UUID(int=number),
            output_title=f"Output {number}",
            country="DE" if number % 2 == 0 else "JP",
            part="publishing",
            asset_id=UUID(int=1000),
            asset_title=title,
            pool_units=100_001,
            weight=WEIGHTS[leaf],
            units=found[leaf].units,
            has_leftover=found[leaf].has_leftover,
            used_from=date(2026, 9, 1 + number % 28),
            used_to=date(2026, 10, 1),
        )
        for number in range(count)
        for leaf in ("W1", "W2")
    ]
    earned = sum(line.units for line in lines)
    figures = settle(
        earned,
        PayeeTerms(
            reserve_rate=Fraction(1, 10), advance_balance=2_000, withholding=Withholding(Fraction(15825, 100_000))
        ),
        on=date(2026, 10, 31),
    )
    return Document(
        id=UUID(int=7),
        run_id=UUID(int=8),
        version=1,
        payer="Example Service",
        payee="Example Publisher",
        currency="EUR",
        period_from=date(2026, 9, 1),
        period_to=date(2026, 10, 1),
        issued_at=datetime(2026, 10, 12, tzinfo=UTC),
        pay_on=date(2026, 10, 31),
        object_until=date(2026, 12, 12),
        allocated=earned,
        adjusted=0,
        granted=0,
        figures=figures,
        payout=Payout("JPY", 21_300, Fraction(1639, 10), "Example bank", date(2026, 10, 12), Fraction(444, 1000)),
        lines=tuple(lines),
        frozen_digest="ab" * 32,
        root_digest="cd" * 32,
        entry_index=None,
    )
