"""The sixteen questions of an audit, in the order in which auditors ask them."""

from __future__ import annotations

from ledger.auditing.asking import Question
from ledger.auditing.consents import CONSENTS, WITHDRAWAL
from ledger.auditing.house import DUTIES, ERASURES, LOG, READS
from ledger.auditing.money import BALANCE, HELD, LINES, UNMATCHED
from ledger.auditing.outputs import FAULTY, OVERRIDES, RELEASES, UNLICENSED
from ledger.auditing.records import DISCLOSURES, SHARES


class NoSuchQuestion(Exception):
    """There is no such question; the list names all of them."""


QUESTIONS: tuple[Question, ...] = (
    RELEASES,
    UNLICENSED,
    CONSENTS,
    WITHDRAWAL,
    OVERRIDES,
    FAULTY,
    BALANCE,
    HELD,
    LINES,
    SHARES,
    UNMATCHED,
    DISCLOSURES,
    READS,
    ERASURES,
    DUTIES,
    LOG,
)
_BY_SLUG = {one.slug: one for one in QUESTIONS}


def question(slug: str) -> Question:
    """
    Return a question by its name in addresses.

    :raises NoSuchQuestion: there is none
    """
    found = _BY_SLUG.get(slug)
    if found is None:
        raise NoSuchQuestion
    return found
