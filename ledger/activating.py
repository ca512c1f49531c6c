"""
Bands come into force by two people, and never untried.

Whoever proposes bands and whoever agrees to them has them tried first on the newest outputs, as ``ledger.simulating``
does: what they would have changed is in the entry of either act, so that nobody can say they were not told.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction

from ledger import approvals, banding, log, simulating
from ledger.banding import NoSuchBands
from ledger.constraints import violated
from ledger.models import Approval, BandsActivation, BandsVersion, Entry, Proposal


class ActivatedBackwards(Exception):
    """Bands are in force from now on, or from a later moment: what was decided stays as it is."""


def propose(*, id: UUID, bands_id: UUID, reason: str, proposed_by_id: int, at: datetime) -> Proposal:
    """
    Propose to put bands in force, with what they would have changed.

    :raises NoSuchBands: nobody drafted them
    """
    if not BandsVersion.objects.filter(pk=bands_id).exists():
        raise NoSuchBands
    tried = _tried(bands_id, at=at)
    with transaction.atomic(durable=True):
        return approvals.propose(
            id=id,
            act=Proposal.Act.BANDS,
            bands_id=bands_id,
            reason=reason,
            proposed_by_id=proposed_by_id,
            described={"tried": tried},
            at=at,
        )


def answer(
    *,
    id: UUID,
    proposal_id: UUID,
    answered_by_id: int,
    is_agreed: bool,
    reason: str = "",
    effective_from: datetime | None = None,
    at: datetime,
) -> Approval:
    """
    Agree to proposed bands, which puts them in force, now or from a later moment on; or refuse them.

    :raises NoSuchProposal: nobody proposed bands under this id
    :raises AlreadyAnswered: it was agreed to or refused
    :raises NeedsASecondPerson: it is this person's own
    :raises ActivatedBackwards: the moment has passed
    """
    proposal = approvals.open_one(proposal_id, Proposal.Act.BANDS, answered_by_id=answered_by_id)
    if proposal.bands_id is None:
        raise approvals.NoSuchProposal
    begins = at if effective_from is None else effective_from
    if begins < at:
        raise ActivatedBackwards
    tried = _tried(proposal.bands_id, at=at) if is_agreed else None
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
                activation = BandsActivation.objects.create(
                    id=uuid5(approval.pk, "activation"),
                    bands_id=proposal.bands_id,
                    approval=approval,
                    effective_from=begins,
                    recorded_at=at,
                )
                log.append(
                    Entry.Kind.BANDS_ACTIVATED,
                    activation,
                    {"bands": str(proposal.bands_id), "effective_from": begins.isoformat(), "tried": tried},
                    at=at,
                )
    except IntegrityError as error:
        if violated(error) == approvals.ANSWERED_TWICE:
            raise approvals.AlreadyAnswered from error
        raise
    return approval


def _tried(bands_id: UUID, *, at: datetime) -> dict[str, object]:
    """Try bands on the newest outputs; return what an entry says of it."""
    found = simulating.simulate(banding.of(bands_id), at=at)
    return {
        "against": str(found.against_id),
        "outputs": found.outputs,
        "unreadable": found.unreadable,
        "changed": found.changed,
        "before": {outcome.value: count for outcome, count in sorted(found.before.items())},
        "after": {outcome.value: count for outcome, count in sorted(found.after.items())},
    }
