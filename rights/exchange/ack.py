"""
Reads what societies answer to a CWR file: acknowledgements, of versions 2.1, 2.2, 3.0 and 3.1. Pure.

An answer is joined to what was sent by the date and time of that file and the group and transaction numbers in it, and
to the work by the number its submitter gave it. The work as the society has it stands in the answer too; only its ISWC
is taken from there, since that is the society's to give.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import BinaryIO, Final

from rights.exchange.cwr_frames import UNREAD, Transaction, frames, shown
from rights.exchange.cwr_layouts import Record, day
from rights.exchange.cwr_works import WORK_TYPES
from rights.exchange.limits import Limits
from rights.exchange.lines import Heading, Problem
from rights.identifiers import BadIswc, iswc


class Status(StrEnum):
    """What became of a transaction at the society. ``AS`` and ``AC`` are ready for payment in version 2 only."""

    CONFLICT = "CO"
    DUPLICATE = "DU"
    TRANSACTION_ACCEPTED = "RA"
    ACCEPTED = "AS"
    ACCEPTED_WITH_CHANGES = "AC"
    ACCEPTED_FOR_PAYMENT = "SR"
    ACCEPTED_WITH_CHANGES_FOR_PAYMENT = "CR"
    REJECTED = "RJ"
    NO_PARTICIPATION = "NP"
    CLAIM_REJECTED = "RC"
    DEREGISTERED = "DR"
    UNKNOWN_WORK = "UN"  # of a retraction
    NOT_DEREGISTERED = "LD"
    NO_AGREEMENT_NUMBER = "NA"
    WRONG_AGREEMENT_NUMBER = "WA"

    @property
    def is_accepted(self) -> bool:
        return self in _ACCEPTED


_ACCEPTED: Final = frozenset(
    {
        Status.TRANSACTION_ACCEPTED,
        Status.ACCEPTED,
        Status.ACCEPTED_WITH_CHANGES,
        Status.ACCEPTED_FOR_PAYMENT,
        Status.ACCEPTED_WITH_CHANGES_FOR_PAYMENT,
    }
)
# What a message says was refused, and at what level the check stood: file, group, transaction, record, field.
_LEVELS: Final = frozenset("EGTRF")


@dataclass(frozen=True)
class Message:
    """One finding of the society: what it refused, where in what was sent, and why."""

    line: int
    type: str  # what was refused: E file, G group, T transaction, R record, F field
    level: str  # where the check stands, in the same letters
    record: int  # the record's number in the transaction that was sent
    record_type: str
    validation: str  # with the record's type and the level, the edit in the specification
    text: str


@dataclass(frozen=True)
class Acknowledgement:
    """A society's answer to one transaction; of a refused header or trailer, the numbers are nought."""

    line: int
    status: Status
    created: str  # of the file that was sent: YYYYMMDDHHMMSS, as its header had it
    group: int
    transaction: int
    transaction_type: str
    title: str
    work_number: str  # the submitter's
    recipient_work_number: str
    recipient_temporary_number: str = ""  # until the work is ready for payment (3.x)
    processed_on: date | None = None
    file_name: str = ""  # of the file that was sent (3.x)
    iswc: str = ""  # as the society has it
    messages: tuple[Message, ...] = ()
    has_conflicting_work: bool = False  # the answer shows the work of another that is in conflict


def read(stream: BinaryIO, *, limits: Limits) -> tuple[Heading, Iterator[Acknowledgement | Problem]]:
    """
    Return what the file says about itself, and its answers in their order.

    Never raises for what the bytes are; a fatal ``Problem`` is the last value, and then nothing of the file may be
    taken. Whether we ever sent what is answered is not checked here.
    """
    heading, transactions = frames(stream, limits=limits)
    return heading, _answers(heading, transactions)


def _answers(heading: Heading, transactions: Iterable[Transaction | Problem]) -> Iterator[Acknowledgement | Problem]:
    for transaction in transactions:
        if isinstance(transaction, Problem):
            yield transaction
        elif transaction.type == "ACK":
            yield from _answer(transaction)
        elif transaction.type in WORK_TYPES:
            sentence = "This is a file of registrations; read it as one."
            yield Problem(transaction.line, "GRH.transaction_type", "registrations", sentence, transaction.type, True)
            return
        elif transaction.header is not None:  # notifications of an ISWC stand in groups of their own
            key = UNREAD + transaction.type
            heading.counts[key] = heading.counts.get(key, 0) + 1


def _answer(transaction: Transaction) -> Iterator[Acknowledgement | Problem]:
    header = transaction.header
    # The returned work is not ours to judge: of its lines, only what we read may be wrong.
    problems = [each for each in transaction.problems if each.field[:3] in {"ACK", "MSG"}]
    yield from problems
    if header is None:
        return
    wrong = list(_wrong(header))
    yield from wrong
    if wrong:
        return
    messages: list[Message] = []
    for record in transaction.details:
        if record.type == "MSG":
            found = _message(record)
            if isinstance(found, Problem):
                yield found
            else:
                messages.append(found)
    yield Acknowledgement(
        line=header.line,
        status=Status(header["status"]),
        created=header["created_on"] + header["created_time"],
        group=int(header["group"]),
        transaction=int(header["transaction"]),
        transaction_type=header["transaction_type"],
        title=header["title"],
        work_number=header["work_number"],
        recipient_work_number=header["recipient_number"],
        recipient_temporary_number=header["temporary_number"],
        processed_on=day(header["processed_on"]),
        file_name=header["file_name"],
        iswc=_iswc(transaction.details),
        messages=tuple(messages),
        has_conflicting_work=any(record.type == "EXC" for record in transaction.details),
    )


def _wrong(header: Record) -> Iterator[Problem]:
    def problem(name: str, code: str, sentence: str) -> Problem:
        return Problem(header.line, f"ACK.{name}", code, sentence, shown(header.raw(name)))

    for name, _ in header.malformed():
        yield problem(name, "bad_field", "Dates are YYYYMMDD, times HHMMSS, numbers filled with zeros.")
    for name in ("created_on", "group", "transaction"):
        if not header[name]:
            yield problem(name, "missing_field", "Without this field the answer cannot be joined to what was sent.")
    if header["status"] not in set(Status):
        yield problem(
            "status", "unknown_status", "The status is not in the table of CWR; ask the society what it means."
        )
    if header["transaction_type"] in WORK_TYPES and not header["work_number"]:
        yield problem("work_number", "missing_field", "The answer to a registration needs the submitter's work number.")


def _message(record: Record) -> Message | Problem:
    if record["message_type"] not in _LEVELS or record["level"] not in _LEVELS or not record["record"].isdigit():
        sentence = "A message needs its type and level (E, G, T, R or F) and the number of a record."
        return Problem(record.line, "MSG", "bad_message", sentence, shown(record.text.rstrip()))
    return Message(
        line=record.line,
        type=record["message_type"],
        level=record["level"],
        record=int(record["record"]),
        record_type=record["record_type"],
        validation=record["validation"],
        text=record["text"],
    )


def _iswc(details: Iterable[Record]) -> str:
    """Return the ISWC of the returned work, never that of the other's work in conflict."""
    for record in details:
        if record.type in WORK_TYPES | {"ISW"} and record["iswc"]:
            try:
                return iswc(record["iswc"])
            except BadIswc:
                return ""
    return ""
