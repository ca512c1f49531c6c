"""Who leaves something on record in an audit: an auditor for the engagement, or the operator; a house for itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from ledger.access import Caller, caller_of_user, engagement_of, memberships
from ledger.models import AuditEngagement, Membership
from ledger.visibility import EVERYTHING, Sight


class NotAnAuditor(Exception):
    """Notes, samples and exceptions are for auditors, and for whoever keeps the house."""


class NoHouse(Exception):
    """Whoever saves a question belongs to an organization, or keeps the house."""


@dataclass(frozen=True)
class Acting:
    """As whom somebody acts in an audit; without an organization it is the operator."""

    organization_id: UUID | None
    engagement_id: UUID | None
    by_id: int


def _in_force(user: AbstractBaseUser | AnonymousUser, at: datetime) -> list[Membership]:
    found = memberships(on=at.date(), at=at).filter(user=user.pk).select_related("engagement")
    return list(found.order_by("recorded_at", "id"))


def auditor(user: AbstractBaseUser | AnonymousUser, caller: Caller, *, at: datetime) -> Acting:
    """
    Return as whom somebody audits: of several engagements the first.

    :raises NotAnAuditor: they do not
    """
    if user.pk is None:
        raise NotAnAuditor
    if caller.is_operator:
        return Acting(None, None, int(user.pk))
    for one in _in_force(user, at):
        if (audit := engagement_of(one)) is not None:
            return Acting(one.organization_id, audit.pk, int(user.pk))
    raise NotAnAuditor


def is_auditing(user: AbstractBaseUser | AnonymousUser, caller: Caller, *, at: datetime) -> bool:
    """Whether somebody may leave notes, samples and exceptions on record."""
    try:
        auditor(user, caller, at=at)
    except NotAnAuditor:
        return False
    return True


def asker(user: AbstractBaseUser | AnonymousUser, caller: Caller, *, at: datetime) -> Acting:
    """
    Return as whom somebody saves a question: an auditor for the engagement, others for their organization.

    :raises NoHouse: they belong nowhere
    """
    if user.pk is None:
        raise NoHouse
    if caller.is_operator:
        return Acting(None, None, int(user.pk))
    found = _in_force(user, at)
    if not found:
        raise NoHouse
    audit = engagement_of(found[0])
    return Acting(found[0].organization_id, audit.pk if audit else None, int(user.pk))


def eyes(acting: Acting, user: AbstractBaseUser, *, at: datetime) -> Sight | None:
    """Return what is seen now by whoever saved a question; None where they see nothing of it any more."""
    caller = caller_of_user(user, at=at)
    if acting.organization_id is None:
        return EVERYTHING if caller.is_operator else None
    mine = [one for one in _in_force(user, at) if one.organization_id == acting.organization_id]
    if acting.engagement_id is None:
        if not any(engagement_of(one) is None for one in mine):
            return None
        from rights.visibility import sight_of

        return sight_of([acting.organization_id], on=at.date())
    if not AuditEngagement.objects.filter(pk=acting.engagement_id, membership__in=[one.pk for one in mine]).exists():
        return None
    return Sight(
        frozenset().union(*(duty.parties for duty in caller.duties if duty.organization_id == acting.organization_id)),
        tuple(one for one in caller.sight.within if one.engagement_id == acting.engagement_id),
    )
