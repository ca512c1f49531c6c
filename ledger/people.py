"""Registering who is in the trade: names, roles, codes, who acts for whom, who is protected, which parties are one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction

from ledger import approvals, log
from ledger.constraints import violated
from ledger.models import Approval, Entry, Membership, Proposal
from rights import codes, parties, restate
from rights.identifiers import Scheme
from rights.models import (
    Identifier,
    IdentifierFinding,
    Party,
    PartyInRole,
    PartyMerge,
    PartyMergeUndo,
    PartyName,
    Protection,
    Representation,
    RepresentationEnd,
)
from rights.vocabulary import Authority, CodeFinding, NameKind, PartyKind, PartyRole, ProtectionKind

SEALED_AT_ONCE = 500  # names in one transaction


class NoSuchCode(Exception):
    """There is no code with this id."""


class NoSuchRepresentation(Exception):
    """There is no representation with this id."""


class AlreadyEnded(Exception):
    """This representation has ended; a new one may be recorded."""


class EndsBeforeItBegan(Exception):
    """A representation ends on the day it began or later."""


class NoSuchMerge(Exception):
    """There is no merge with this id."""


class AlreadyUndone(Exception):
    """This merge was undone; the parties may be merged anew."""


# --- Parties and their names ---


def register_party(*, id: UUID, kind: PartyKind, name: str, registrar_id: UUID | None = None, at: datetime) -> Party:
    """Register somebody in the trade. The name is sealed under a key of its own; the log gets a commitment."""
    staged = parties.stage(id=id, kind=kind, name=name)  # before the transaction: a key service may be slow
    with transaction.atomic(durable=True):
        party = parties.register(staged, registrar_id=registrar_id, at=at)
        log.append(
            Entry.Kind.PARTY_REGISTERED,
            party,
            {"kind": party.kind, "commitment": bytes(party.commitment).hex()},
            at=at,
        )
    return party


def add_name(*, id: UUID, party_id: UUID, kind: NameKind, name: str, at: datetime) -> PartyName:
    """
    Record one more name of a party: a pseudonym is a name, not a party.

    :raises NoSuchParty: nobody is registered under this id
    :raises Erased: what was personal about the party is gone
    :raises NotSealedYet: the party's first name is kept as it was before names were sealed
    """
    staged = parties.stage_name(id=id, party_id=party_id, kind=kind, name=name)
    with transaction.atomic(durable=True):
        added = parties.add_name(staged, at=at)
        log.append(
            Entry.Kind.PARTY_NAMED,
            added,
            {"party": str(party_id), "kind": added.kind, "commitment": bytes(added.commitment).hex()},
            at=at,
        )
    return added


def seal_names() -> int:
    """Seal every name that is kept as it was before names were sealed; return how many there were."""
    sealed = 0
    while True:
        with transaction.atomic(durable=True):
            count = parties.seal_plain(limit=SEALED_AT_ONCE)
        sealed += count
        if count < SEALED_AT_ONCE:
            return sealed


def take_role(
    *, id: UUID, party_id: UUID, role: PartyRole, active_from: date, active_to: date | None, at: datetime
) -> PartyInRole:
    """Record what a party is in the trade, for a period."""
    with transaction.atomic(durable=True):
        taken = parties.take_role(
            id=id, party_id=party_id, role=role, active_from=active_from, active_to=active_to, at=at
        )
        log.append(Entry.Kind.ROLE_TAKEN, taken, {"party": str(party_id), "role": taken.role}, at=at)
    return taken


# --- Codes ---


def record_code(*, id: UUID, of: codes.Named, scheme: Scheme, raw: str, namespace: str, at: datetime) -> Identifier:
    """
    Record a code of a party or an asset.

    :raises BadCode: it is not a code of the scheme
    :raises WrongThing: codes of the scheme are not given to such things
    """
    with transaction.atomic(durable=True):
        code = codes.record(id=id, of=of, scheme=scheme, raw=raw, namespace=namespace, at=at)
        log.append(Entry.Kind.IDENTIFIER_RECORDED, code, {"scheme": code.scheme, "of": of.what}, at=at)
    return code


def check_code(
    *, id: UUID, identifier_id: UUID, result: CodeFinding, source: str, evidence_digest: str, at: datetime
) -> IdentifierFinding:
    """
    Record what a source outside said about a code.

    :raises NoSuchCode: no code has this id
    """
    if not Identifier.objects.filter(pk=identifier_id).exists():
        raise NoSuchCode
    with transaction.atomic(durable=True):
        found = codes.find(
            id=id,
            identifier_id=identifier_id,
            result=result,
            source=source,
            evidence_digest=evidence_digest,
            at=at,
        )
        log.append(
            Entry.Kind.IDENTIFIER_CHECKED, found, {"identifier": str(identifier_id), "result": found.result}, at=at
        )
    return found


# --- Who acts for whom, and who is protected ---


def represent(
    *,
    id: UUID,
    principal_id: UUID,
    agent_id: UUID,
    authority: Authority,
    uses: Sequence[str],
    territories: Sequence[str],
    active_from: date,
    active_to: date | None,
    document_digest: str,
    registrar_id: UUID | None = None,
    at: datetime,
) -> Representation:
    """
    Record that one party acts for another; without uses it is for every use.

    :raises NoSuchUse: a use is not in the vocabulary
    :raises NoSuchTerritory: a code is not in the tables
    """
    with transaction.atomic(durable=True):
        representation = parties.represent(
            id=id,
            principal_id=principal_id,
            agent_id=agent_id,
            authority=authority,
            uses=uses,
            territories_=territories,
            active_from=active_from,
            active_to=active_to,
            document_digest=document_digest,
            registrar_id=registrar_id,
            at=at,
        )
        log.append(
            Entry.Kind.REPRESENTATION_RECORDED,
            representation,
            {"authority": representation.authority, "document": f"sha256:{representation.document_digest}"},
            at=at,
        )
    return representation


def end_representation(
    *, id: UUID, representation_id: UUID, effective_on: date, reason: str, at: datetime
) -> RepresentationEnd:
    """
    Record that somebody acts for somebody no longer; the day may lie before today, as a mandate may end unnoticed.

    :raises NoSuchRepresentation: nothing is recorded under this id
    :raises EndsBeforeItBegan: the day lies before its first
    :raises AlreadyEnded: its end is recorded
    """
    representation = Representation.objects.filter(pk=representation_id).first()
    if representation is None:
        raise NoSuchRepresentation
    if effective_on < representation.active_from:
        raise EndsBeforeItBegan
    try:
        with transaction.atomic(durable=True):
            end = parties.end_representation(
                id=id, representation_id=representation_id, effective_on=effective_on, reason=reason, at=at
            )
            log.append(
                Entry.Kind.REPRESENTATION_ENDED,
                end,
                {"representation": str(representation_id), "effective_on": effective_on.isoformat()},
                at=at,
            )
    except IntegrityError as error:
        if violated(error) == "rights_representationend_representation_id_key":
            raise AlreadyEnded from error
        raise
    return end


def protect(
    *,
    id: UUID,
    party_id: UUID,
    kind: ProtectionKind,
    jurisdiction: str,
    active_from: date,
    active_to: date | None,
    evidence_digest: str,
    at: datetime,
) -> Protection:
    """
    Record that a person cannot consent alone, or at all, in a period (CON-10).

    :raises NoSuchParty: nobody is registered under this id
    :raises NotAPerson: the party is a company, a society or an estate
    :raises NotACountry: the jurisdiction is not a country
    """
    party = Party.objects.filter(pk=party_id).first()
    if party is None:
        raise parties.NoSuchParty
    with transaction.atomic(durable=True):
        protection = parties.protect(
            id=id,
            party=party,
            kind=kind,
            jurisdiction=jurisdiction,
            active_from=active_from,
            active_to=active_to,
            evidence_digest=evidence_digest,
            at=at,
        )
        log.append(
            Entry.Kind.PROTECTION_RECORDED,
            protection,
            {"party": str(party_id), "kind": protection.kind, "jurisdiction": protection.jurisdiction},
            at=at,
        )
    return protection


# --- Which parties are one: at the desk it takes two people; a program needs a scope of its own ---


def merge(*, id: UUID, duplicate_id: UUID, survivor_id: UUID, reason: str, at: datetime) -> PartyMerge:
    """
    Record that two parties are one. Nothing is rewritten: what is the duplicate's counts as the survivor's.

    Of two merges at once the database lets one in (``party_is_merged_once``, ``merges_are_flat``).
    """
    with transaction.atomic(durable=True):
        return _merge(id, duplicate_id, survivor_id, reason, at)


def undo_merge(*, id: UUID, merge_id: UUID, reason: str, at: datetime) -> PartyMergeUndo:
    """
    Record that a merge was a mistake.

    :raises NoSuchMerge: nothing is recorded under this id
    :raises AlreadyUndone: it was undone before
    """
    merged = PartyMerge.objects.filter(pk=merge_id).first()
    if merged is None:
        raise NoSuchMerge
    try:
        with transaction.atomic(durable=True):
            undo = parties.undo_merge(id=id, merge_id=merge_id, reason=reason, at=at)
            restate.party(merged.duplicate_id, at=at)
            log.append(Entry.Kind.MERGE_UNDONE, undo, {"merge": str(merge_id)}, at=at)
    except IntegrityError as error:
        if violated(error) == "rights_partymergeundo_merge_id_key":
            raise AlreadyUndone from error
        raise
    return undo


def propose_merge(
    *, id: UUID, duplicate_id: UUID, survivor_id: UUID, reason: str, proposed_by_id: int, at: datetime
) -> Proposal:
    """Propose that two parties are one."""
    with transaction.atomic(durable=True):
        return approvals.propose(
            id=id,
            act=Proposal.Act.MERGE,
            party_id=duplicate_id,
            other_party_id=survivor_id,
            reason=reason,
            proposed_by_id=proposed_by_id,
            at=at,
        )


def answer_merge(
    *, id: UUID, proposal_id: UUID, answered_by_id: int, is_agreed: bool, reason: str, at: datetime
) -> Approval:
    """
    Agree to a proposed merge, which carries it out, or refuse it.

    :raises NoSuchProposal: nobody proposed a merge under this id
    :raises AlreadyAnswered: it was agreed to or refused
    :raises NeedsASecondPerson: it is this person's own
    """
    proposal = approvals.open_one(proposal_id, Proposal.Act.MERGE, answered_by_id=answered_by_id)
    duplicate_id, survivor_id = proposal.party_id, proposal.other_party_id
    if duplicate_id is None or survivor_id is None:
        raise approvals.NoSuchProposal
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
            if is_agreed:
                _merge(uuid5(proposal_id, "merge"), duplicate_id, survivor_id, proposal.reason, at)
    except IntegrityError as error:
        if violated(error) == approvals.ANSWERED_TWICE:
            raise approvals.AlreadyAnswered from error
        raise
    return approval


def moved_by(duplicate_id: UUID) -> tuple[tuple[str, int], ...]:
    """Return what a merge would have count as the survivor's: each kind of fact with how many there are."""
    duplicate = Party.objects.get(pk=duplicate_id)
    return (
        ("shares", duplicate.shares.count()),
        ("consents given", duplicate.consents.count()),
        ("licenses given", duplicate.licenses_given.count()),
        ("licenses held", duplicate.licenses_held.count()),
        ("submissions", duplicate.submissions.count()),
        ("names", duplicate.names.count()),
        ("codes", duplicate.identifiers.count()),
        ("roles", duplicate.roles.count()),
        ("representations", duplicate.represented_by.count() + duplicate.represents.count()),
        ("protections", duplicate.protections.count()),
        ("members", Membership.objects.filter(organization=duplicate).count()),
    )


def _merge(id: UUID, duplicate_id: UUID, survivor_id: UUID, reason: str, at: datetime) -> PartyMerge:
    merged = parties.merge(id=id, duplicate_id=duplicate_id, survivor_id=survivor_id, reason=reason, at=at)
    restate.party(duplicate_id, at=at)
    log.append(Entry.Kind.PARTIES_MERGED, merged, {"duplicate": str(duplicate_id), "survivor": str(survivor_id)}, at=at)
    return merged
