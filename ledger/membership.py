"""Who belongs to which organization: admitted in a role, for a period; left. Each with its entry, or not at all."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID, uuid5

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from ledger import log
from ledger.constraints import violated
from ledger.models import AuditEngagement, Entry, Membership, MembershipEnd


class NameTaken(Exception):
    """Somebody signs in under this name already: admit that person, or choose another name."""


class NoSuchMembership(Exception):
    """There is no membership with this id."""


class AlreadyLeft(Exception):
    """The end of this membership is recorded; admit the person anew if they came back."""


class EndsBeforeItBegan(Exception):
    """A membership ends after its first day."""


class AuditorWithoutEnd(Exception):
    """An auditor looks in for a while: say on which day that ends."""


class NotAnAudit(Exception):
    """Only auditors are let in for an audit: choose the role of an auditor, or leave the audit out."""


class AuditOutOfBounds(Exception):
    """An audit ends by the day on which the membership does, and its period ends after it begins."""


@dataclass(frozen=True)
class Audit:
    """What an auditor is let in for. Without parties and period: everything that the organization sees."""

    purpose: str = ""  # without names
    ends_at: datetime | None = None  # the instant; None: as the membership's last day begins
    parties: frozenset[UUID] = frozenset()
    period_from: date | None = None
    period_to: date | None = None


@dataclass(frozen=True)
class Invitation:
    """A new login; the password is shown once and stored as a hash."""

    membership: Membership
    password: str


def admit(
    *,
    id: UUID,
    user_id: int,
    organization_id: UUID,
    role: Membership.Role,
    active_from: date,
    active_to: date | None,
    audit: Audit | None = None,
    at: datetime,
) -> Membership:
    """
    Record that a person belongs to an organization.

    :param audit: what an auditor is let in for
    :raises AuditorWithoutEnd: an auditor's access has no last day
    :raises NotAnAudit, AuditOutOfBounds: the audit is somebody else's, or lies outside the membership
    """
    _check(role, active_to, audit)
    with transaction.atomic(durable=True):
        return _admit(id, user_id, organization_id, role, active_from, active_to, audit, at)


def invite(
    *,
    id: UUID,
    username: str,
    organization_id: UUID,
    role: Membership.Role,
    active_from: date,
    active_to: date | None,
    audit: Audit | None = None,
    at: datetime,
) -> Invitation:
    """
    Make a login for a person of an organization.

    :raises NameTaken: somebody has this login
    :raises AuditorWithoutEnd: an auditor's access has no last day
    :raises NotAnAudit, AuditOutOfBounds: the audit is somebody else's, or lies outside the membership
    """
    _check(role, active_to, audit)
    password = secrets.token_urlsafe(12)
    try:
        with transaction.atomic(durable=True):
            user = get_user_model().objects.create_user(username, password=password, is_staff=True)
            membership = _admit(id, user.pk, organization_id, role, active_from, active_to, audit, at)
    except IntegrityError as error:
        if violated(error) == "auth_user_username_key":
            raise NameTaken from error
        raise
    return Invitation(membership, password)


def leave(*, id: UUID, membership_id: UUID, effective_on: date, at: datetime) -> MembershipEnd:
    """
    Record that a person left an organization, from a day on.

    :raises NoSuchMembership: nobody was admitted under this id
    :raises EndsBeforeItBegan: the day lies before the first
    :raises AlreadyLeft: the end is recorded
    """
    membership = Membership.objects.filter(pk=membership_id).first()
    if membership is None:
        raise NoSuchMembership
    if effective_on < membership.active_from:
        raise EndsBeforeItBegan(f"the membership began on {membership.active_from}")
    try:
        with transaction.atomic(durable=True):
            end = MembershipEnd.objects.create(id=id, membership=membership, effective_on=effective_on, recorded_at=at)
            log.append(
                Entry.Kind.MEMBER_LEFT,
                end,
                {"membership": str(membership.id), "effective_on": effective_on.isoformat()},
                at=at,
            )
    except IntegrityError as error:
        if violated(error) == "ledger_membershipend_membership_id_key":
            raise AlreadyLeft from error
        raise
    return end


def _check(role: Membership.Role, active_to: date | None, audit: Audit | None) -> None:
    if role == Membership.Role.AUDITOR and active_to is None:
        raise AuditorWithoutEnd
    if audit is None:
        return
    if role != Membership.Role.AUDITOR or active_to is None:
        raise NotAnAudit
    if audit.ends_at is not None and audit.ends_at > _begins(active_to):
        raise AuditOutOfBounds
    if audit.period_from and audit.period_to and audit.period_to <= audit.period_from:
        raise AuditOutOfBounds


def _begins(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _admit(
    id: UUID,
    user_id: int,
    organization_id: UUID,
    role: Membership.Role,
    active_from: date,
    active_to: date | None,
    audit: Audit | None,
    at: datetime,
) -> Membership:
    membership = Membership.objects.create(
        id=id,
        user_id=user_id,
        organization_id=organization_id,
        role=role,
        active_from=active_from,
        active_to=active_to,
        recorded_at=at,
    )
    if role == Membership.Role.AUDITOR and active_to is not None:
        let_in = audit or Audit()
        AuditEngagement.objects.create(
            id=uuid5(id, "audit"),
            membership=membership,
            purpose=let_in.purpose or "audit",
            ends_at=let_in.ends_at or _begins(active_to),
            parties=sorted(let_in.parties, key=str),
            period_from=let_in.period_from,
            period_to=let_in.period_to,
        )
    log.append(
        Entry.Kind.MEMBER_ADMITTED,
        membership,
        # A number, and no name: who has it is erasable.
        {"user": user_id, "organization": str(organization_id), "role": membership.role},
        at=at,
    )
    return membership
