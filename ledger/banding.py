"""
The bands by which matches are judged: drafted, tried on what was measured before, and put in force by two people.

In force are the ones that were activated last; until two people activate any, those that the release ships.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.db.models import Max

from ledger import approvals, log
from ledger.constraints import violated
from ledger.models import Approval, BandsActivation, BandsVersion, Entry, Proposal
from rights.bands import KNOWN, SHIPPED, Bands, read


class NoSuchBands(Exception):
    """There are no such bands."""


class AlreadyDrafted(Exception):
    """The same bands were drafted before; propose those."""


class ShippedAlready(Exception):
    """These are the bands that the release ships."""


class ActivatedBackwards(Exception):
    """Bands are in force from now on, or from a later moment: what was decided stays as it is."""


def in_force(*, at: datetime) -> Bands:
    """Return the bands in force at a moment, as far as they were recorded by then."""
    newest = (
        BandsActivation.objects.select_related("bands")
        .filter(effective_from__lte=at, recorded_at__lte=at)
        .order_by("-effective_from", "-recorded_at", "-id")
        .first()
    )
    return read(newest.bands.document) if newest else SHIPPED


def of(bands_id: UUID) -> Bands:
    """
    Return bands by their id: drafted here, or shipped by a release.

    :raises NoSuchBands: neither
    """
    if bands_id in KNOWN:
        return KNOWN[bands_id]
    row = BandsVersion.objects.filter(pk=bands_id).first()
    if row is None:
        raise NoSuchBands
    return read(row.document)


def draft(*, bands: Bands, note: str = "", drafted_by_id: int, at: datetime) -> BandsVersion:
    """
    Record bands that may be proposed. They have the id that follows from what they say.

    :raises ShippedAlready: the release has them
    :raises AlreadyDrafted: somebody drafted the same before
    """
    if bands.id in KNOWN:
        raise ShippedAlready
    try:
        with transaction.atomic(durable=True):
            highest = BandsVersion.objects.aggregate(highest=Max("number"))["highest"] or 0
            row = BandsVersion.objects.create(
                id=bands.id,
                number=highest + 1,
                document=bands.document,
                digest=bands.digest,
                note=note,
                drafted_by_id=drafted_by_id,
                drafted_at=at,
            )
            log.append(Entry.Kind.BANDS_DRAFTED, row, {"number": row.number, "document": f"sha256:{row.digest}"}, at=at)
    except IntegrityError as error:
        if violated(error) in {"ledger_bandsversion_pkey", "bands_are_drafted_once"}:
            raise AlreadyDrafted from error
        raise
    return row


def propose(*, id: UUID, bands_id: UUID, reason: str, proposed_by_id: int, at: datetime) -> Proposal:
    """
    Propose to put bands in force; ``ledger.simulating`` says what they would change.

    :raises NoSuchBands: nobody drafted them
    """
    if not BandsVersion.objects.filter(pk=bands_id).exists():
        raise NoSuchBands
    with transaction.atomic(durable=True):
        return approvals.propose(
            id=id, act=Proposal.Act.BANDS, bands_id=bands_id, reason=reason, proposed_by_id=proposed_by_id, at=at
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
                    {"bands": str(proposal.bands_id), "effective_from": begins.isoformat()},
                    at=at,
                )
    except IntegrityError as error:
        if violated(error) == approvals.ANSWERED_TWICE:
            raise approvals.AlreadyAnswered from error
        raise
    return approval
