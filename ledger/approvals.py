"""What two people must want (LED-6): one proposes, another agrees. Writes inside the use case's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from ledger import log
from ledger.models import Approval, Entry, Proposal

ANSWERED_TWICE = "ledger_approval_proposal_id_key"


class NoSuchProposal(Exception):
    """There is no such proposal."""


class AlreadyAnswered(Exception):
    """Somebody has answered this proposal; propose it again if it is still wanted."""


class NeedsASecondPerson(Exception):
    """Whoever proposed it cannot agree to it: ask a second person."""


def propose(
    *,
    id: UUID,
    act: Proposal.Act,
    reason: str,
    proposed_by_id: int,
    party_id: UUID | None = None,
    other_party_id: UUID | None = None,
    consent_id: UUID | None = None,
    conflict_id: UUID | None = None,
    bands_id: UUID | None = None,
    described: Mapping[str, object] | None = None,
    at: datetime,
) -> Proposal:
    """Insert that somebody proposes an act, with its entry and what else that says."""
    proposal = Proposal.objects.create(
        id=id,
        act=act,
        party_id=party_id,
        other_party_id=other_party_id,
        consent_id=consent_id,
        conflict_id=conflict_id,
        bands_id=bands_id,
        reason=reason,
        proposed_by_id=proposed_by_id,
        proposed_at=at,
    )
    log.append(Entry.Kind.PROPOSED, proposal, {"act": proposal.act, **(described or {})}, at=at)
    return proposal


def open_one(proposal_id: UUID, act: Proposal.Act, *, answered_by_id: int) -> Proposal:
    """
    Return a proposal that waits for this person's answer. Of two who answer at once the database lets one in.

    :raises NoSuchProposal: nobody proposed such an act under this id
    :raises AlreadyAnswered: it was agreed to or refused
    :raises NeedsASecondPerson: it is this person's own
    """
    proposal = Proposal.objects.filter(pk=proposal_id, act=act).first()
    if proposal is None:
        raise NoSuchProposal
    if Approval.objects.filter(proposal=proposal).exists():
        raise AlreadyAnswered
    if proposal.proposed_by_id == answered_by_id:
        raise NeedsASecondPerson
    return proposal


def answer(
    *, id: UUID, proposal: Proposal, approved_by_id: int, is_agreed: bool, reason: str, at: datetime
) -> Approval:
    """Insert that a second person agreed or refused, with its entry."""
    approval = Approval.objects.create(
        id=id,
        proposal=proposal,
        proposed_by_id=proposal.proposed_by_id,
        approved_by_id=approved_by_id,
        is_agreed=is_agreed,
        reason=reason,
        approved_at=at,
    )
    log.append(Entry.Kind.APPROVED, approval, {"proposal": str(proposal.pk), "is_agreed": is_agreed}, at=at)
    return approval
