"""
Erasing what is personal about somebody (LED-4): asked for, proposed by one person, agreed to by another, carried out.

What is erased is what the voice was recognized by, the subject's key with the name it seals, what the name is found by,
where to write and to pay to, and what repeats a file that names the person, with the file (`ledger.traces`). Facts keep
their rows and the log its proofs: they name parties by ids, and commitments match nothing once their salts are gone.

Each store reports what it had. Rows go in the transaction of the fact; files after it, and the nightly sweep removes
what a process that died in between has left (`repeat`).
"""

from __future__ import annotations

import calendar
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db import IntegrityError, transaction

from ledger import approvals, canonical, log, traces, voices
from ledger.constraints import violated
from ledger.models import Approval, Entry, Erasure, ErasureRequest, Proposal
from ledger.traces import Person
from rights import parties
from rights import voices as rights_to_voices
from rights.models import Party, PartyIdentity
from rights.personal import GROUNDS, DataClass


class Channel(StrEnum):
    """Over which way a person asked."""

    LETTER = "letter"
    EMAIL = "email"
    TELEPHONE = "telephone"
    IN_PERSON = "in_person"
    PROGRAM = "program"


class NoSuchRequest(Exception):
    """There is no erasure request with this id."""


class AlreadyAsked(Exception):
    """An erasure of this party is asked for already and not carried out yet; there is no need to ask twice."""


class NotAskedFor(Exception):
    """Nobody has asked for this party to be erased, or it was erased meanwhile: record the request first."""


@dataclass(frozen=True)
class Eraser:
    """One store that holds something personal, and how it is emptied of a person; it answers how much that was."""

    store: str
    erased: str  # what was erased, in the answer to the person
    erase: Callable[[Person], int]


# Rows, in the transaction, in this order: the keys first, since everything sealed under them is gone with them. A store
# that is added registers its eraser here, or among the files.
ERASERS: tuple[Eraser, ...] = (
    Eraser(
        "names",
        "the name and the key under which everything personal is sealed",
        lambda who: parties.erase_names(who.party_ids),
    ),
    Eraser("name_index", "what the names could be searched by", lambda who: parties.erase_tokens(who.party_ids)),
    Eraser("accounts", "bank accounts", lambda who: parties.erase_contacts(who.party_ids, begins="bank:")),
    Eraser("contacts", "addresses to write to", lambda who: parties.erase_contacts(who.party_ids)),
    Eraser("import_rows", "lines of files that could not be taken", partial(traces.erase_rows, "rows of imports")),
    Eraser("mappings", "saved ways to read a file", partial(traces.erase_rows, "saved mappings")),
    Eraser("job_errors", "what a failed job quoted", traces.erase_errors),
)
# Files, after the commit: what the process that did it has left, `repeat` removes.
OF_FILES: tuple[Eraser, ...] = (
    Eraser("pictures", "pictures drawn of sound, for everybody", lambda who: traces.forget_pictures()),  # noqa: ARG005
    Eraser(
        "archives",
        "evidence packs and kept answers that hold you",
        lambda who: traces.discard_archives(traces.archives_holding(who)),
    ),
    Eraser("log_files", "log files", traces.erase_from_logs),
)
# What holds nothing of anybody, and why: said in each report, so that nobody has to wonder.
HOLD_NOTHING: dict[str, str] = {
    "queue": "messages and jobs carry ids",
    "results": "results of tasks are not kept",
    "mails": "addresses are read when a letter is sent, and letters are not kept",
    "exports": "exports and files for banks are written when asked for, and not kept",
    "indexes": "fingerprints and embeddings of songs are of published sound",
}


@dataclass(frozen=True)
class Remainder:
    """A kind of fact that names the party by its id and stays, and why."""

    what: str
    of: DataClass
    count: Callable[[Sequence[UUID]], int]


def _counts(*relations: str) -> Callable[[Sequence[UUID]], int]:
    def count(party_ids: Sequence[UUID]) -> int:
        rows = Party.objects.filter(pk__in=party_ids)
        return sum(rows.exclude(**{relation: None}).values(relation).count() for relation in relations)

    return count


REMAINDERS: tuple[Remainder, ...] = (
    Remainder("shares in recordings and works", DataClass.MONEY, _counts("shares")),
    Remainder("licenses", DataClass.MONEY, _counts("licenses_given", "licenses_held")),
    Remainder("parts of what outputs earn", DataClass.MONEY, _counts("splits")),
    Remainder("consents, given or signed for somebody", DataClass.CLAIMS, _counts("consents", "consents_acted")),
    Remainder("reservations of rights", DataClass.CLAIMS, _counts("reservations")),
    Remainder(
        "outputs submitted or contributed to",
        DataClass.CLAIMS,
        _counts("submissions", "contributions", "contribution_acts"),
    ),
    Remainder("representations", DataClass.CLAIMS, _counts("represented_by", "represents")),
    Remainder("protections of a minor, a ward or the dead", DataClass.CLAIMS, _counts("protections")),
    Remainder(
        "enrollments of voices, without what they were recognized by", DataClass.CLAIMS, _counts("voices__enrollments")
    ),
    Remainder("roles in the trade", DataClass.CLAIMS, _counts("roles")),
    Remainder("messages in conflicts, unreadable now", DataClass.CLAIMS, _counts("conflict_events")),
    Remainder("further names, unreadable now", DataClass.CLAIMS, _counts("names")),
    Remainder("codes in public directories", DataClass.PUBLIC_CREDIT, _counts("identifiers")),
)


# --- Asking, proposing, answering ---


def request(*, id: UUID, party_id: UUID, channel: Channel, at: datetime) -> ErasureRequest:
    """
    Record that a person asked for what is personal about them to be erased; the answer is due within a month.

    :raises NoSuchParty: nobody is registered under this id
    :raises Erased: there is nothing personal left
    :raises AlreadyAsked: a request waits already
    """
    with transaction.atomic(durable=True):
        _readable(party_id)
        if ErasureRequest.objects.filter(party=party_id, erasure__isnull=True).exists():
            raise AlreadyAsked
        asked = ErasureRequest.objects.create(
            id=id, party_id=party_id, channel=channel, answer_by=a_month_after(at.date()), requested_at=at
        )
        log.append(
            Entry.Kind.ERASURE_REQUESTED,
            asked,
            {"party": str(party_id), "answer_by": asked.answer_by.isoformat()},
            at=at,
        )
    return asked


def propose(*, id: UUID, party_id: UUID, reason: str, proposed_by_id: int, at: datetime) -> Proposal:
    """
    Propose to carry out an erasure that was asked for.

    :raises NotAskedFor: no request waits
    """
    _waiting(party_id)
    with transaction.atomic(durable=True):
        return approvals.propose(
            id=id,
            act=Proposal.Act.ERASE,
            party_id=party_id,
            reason=reason,
            proposed_by_id=proposed_by_id,
            at=at,
        )


def answer(*, id: UUID, proposal_id: UUID, answered_by_id: int, is_agreed: bool, reason: str, at: datetime) -> Approval:
    """
    Agree to a proposed erasure, which carries it out, or refuse it.

    It is for the person, so for every party that is merged with the one that was named.

    :raises NoSuchProposal: nobody proposed an erasure under this id
    :raises AlreadyAnswered: it was agreed to or refused
    :raises NeedsASecondPerson: it is this person's own
    :raises NotAskedFor: it was carried out meanwhile, by another proposal
    """
    proposal = approvals.open_one(proposal_id, Proposal.Act.ERASE, answered_by_id=answered_by_id)
    if proposal.party_id is None:
        raise approvals.NoSuchProposal
    # Before anything is gone, and before the transaction: this reads every text and file there is.
    found = _look(proposal.party_id) if is_agreed else None
    done: Erasure | None = None
    try:
        with transaction.atomic(durable=True):
            approval = approvals.answer(
                id=id,
                proposal=proposal,
                approved_by_id=answered_by_id,
                is_agreed=is_agreed,
                reason=reason,
                at=at,
            )
            if found is not None:
                parties.alone_with(proposal.party_id)  # two proposals agreed to at once: the second finds it done
                done = _erase(_waiting(proposal.party_id), approval, found, at)
    except IntegrityError as error:
        if violated(error) == approvals.ANSWERED_TWICE:
            raise approvals.AlreadyAnswered from error
        raise
    if found is not None and done is not None:
        _erase_files(found)
    return approval


def staying(party_ids: Sequence[UUID]) -> tuple[tuple[str, int], ...]:
    """Return what names these parties by their ids and stays after an erasure: each kind with how many there are."""
    return tuple((remainder.what, remainder.count(party_ids)) for remainder in REMAINDERS)


@dataclass(frozen=True)
class _Found:
    """What was found of a person before anything was erased."""

    who: Person
    files: tuple[str, ...]  # of imports, by digest
    pictures: int
    archives: tuple[tuple[str, str], ...]  # as they were found while names could still be read
    log_files: int
    typed: tuple[traces.Typed, ...]


def _look(party_id: UUID) -> _Found:
    who = traces.person(parties.same_as(party_id))
    return _Found(
        who,
        traces.files_naming(who),
        traces.count_pictures(),
        traces.archives_holding(who),
        len(traces.logs_naming(who)),
        traces.typed(who),
    )


def _erase_files(found: _Found) -> None:
    traces.discard_files(found.files)
    traces.discard_archives(found.archives)
    for eraser in OF_FILES:
        eraser.erase(found.who)


def repeat(done: Erasure) -> int:
    """
    Remove what an erasure removed, where it is there again: a backup was put back, or a process died half way.

    Return of how many parties there was something.
    """
    document: dict[str, Any] = json.loads(done.document)
    party_ids = tuple(UUID(one) for one in document["parties"])
    who = traces.person(party_ids)
    with transaction.atomic():
        gone = {party_id for party_id in party_ids if PartyIdentity.objects.filter(party=party_id).exists()}
        rights_to_voices.destroy_leftovers()
        for eraser in ERASERS:
            eraser.erase(who)
    traces.discard_files(document.get("files", ()))
    if gone:
        _erase_files(_Found(who, traces.files_naming(who), 0, traces.archives_holding(who), 0, ()))
    return len(gone)


def repeat_lately(*, since: datetime) -> int:
    """Do that for whoever was erased since a moment."""
    return sum(repeat(done) for done in Erasure.objects.filter(erased_at__gte=since).order_by("erased_at"))


def _erase(asked: ErasureRequest, approval: Approval, found: _Found, at: datetime) -> Erasure:
    party_ids = parties.same_as(asked.party_id)
    who = replace(found.who, party_ids=party_ids)
    grounds = {remainder.what: GROUNDS[remainder.of] for remainder in REMAINDERS}
    stays = [{"what": what, "count": count, "ground": grounds[what]} for what, count in staying(party_ids) if count]
    stays += [{"what": one.what, "count": one.count, "ground": GROUNDS[one.of]} for one in found.typed]
    # Biometric goes first: while a template could be opened, its owner could be recognized.
    templates = voices.end_erased(party_ids, at=at)
    gone = [{"store": "voice_templates", "erased": "what the voice was recognized by", "count": templates}]
    gone += [{"store": eraser.store, "erased": eraser.erased, "count": eraser.erase(who)} for eraser in ERASERS]
    gone.append(
        {"store": "import_files", "erased": "files that were handed in and name you", "count": len(found.files)}
    )
    counts = {"pictures": found.pictures, "archives": len(found.archives), "log_files": found.log_files}
    gone += [{"store": one.store, "erased": one.erased, "count": counts[one.store]} for one in OF_FILES]
    document = {
        "v": 1,
        "request": str(asked.pk),
        "parties": sorted(str(party_id) for party_id in party_ids),
        "erased": gone,
        "files": list(found.files),  # of imports, by digest: so that they can be removed from a backup that is put back
        "holds_nothing": HOLD_NOTHING,
        "stays": stays,
        # Copies made before today still hold the key; until they are overwritten they are locked away.
        "backups_until": (at.date() + timedelta(days=settings.LEDGER_BACKUP_DAYS)).isoformat(),
    }
    erasure = Erasure.objects.create(
        id=uuid5(asked.pk, "erasure"),
        request=asked,
        approval=approval,
        document=canonical.encode_document(document).decode(),
        erased_at=at,
    )
    log.append(Entry.Kind.ERASED, erasure, {"request": str(asked.pk), "approval": str(approval.pk)}, at=at)
    return erasure


def _waiting(party_id: UUID) -> ErasureRequest:
    found = ErasureRequest.objects.filter(party=party_id, erasure__isnull=True).order_by("requested_at").first()
    if found is None:
        raise NotAskedFor
    return found


def _readable(party_id: UUID) -> None:
    same = parties.same_as(party_id)
    parties.alone_with(party_id)  # two requests at once: the second sees the first
    if not PartyIdentity.objects.filter(party__in=same).exists():
        raise parties.Erased if Party.objects.filter(pk=party_id).exists() else parties.NoSuchParty


# --- What the person is told ---


@dataclass(frozen=True)
class Letter:
    """The answer to the person: what was erased, what stays and why."""

    erased_on: date
    erased: tuple[str, ...]
    stays: tuple[str, ...]
    closing: str


def letter(erasure: Erasure) -> Letter:
    """Put an erasure into sentences."""
    document: dict[str, Any] = json.loads(erasure.document)
    return Letter(
        erased_on=erasure.erased_at.date(),
        erased=tuple(f"{_counted(line['count'])}: {line['erased']}" for line in document["erased"] if line["count"]),
        stays=tuple(f"{_counted(line['count'])}: {line['what']}; {line['ground']}" for line in document["stays"]),
        closing=(
            "Records that stay name you by a random number, and by codes of public directories where some are listed"
            " above. The log keeps commitments to your name, which nobody can match with a name any more. Backups made"
            f" before the erasure are overwritten by {document['backups_until']}, and the database's journal as it goes"
            " on. Letters, printed papers and what was handed to others before are not ours to erase."
        ),
    )


def a_month_after(day: date) -> date:
    """Return the same day of the next month, or its last day (GDPR art. 12(3))."""
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _counted(count: int) -> str:
    return "1 record" if count == 1 else f"{count} records"
