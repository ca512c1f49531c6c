"""Who belongs to which organization: admitted in a role, for a period; left. Each with its entry, or not at all."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from ledger import log
from ledger.constraints import violated
from ledger.models import Entry, Membership, MembershipEnd


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
    at: datetime,
) -> Membership:
    """
    Record that a person belongs to an organization.

    :raises AuditorWithoutEnd: an auditor's access has no last day
    """
    _check(role, active_to)
    with transaction.atomic(durable=True):
        return _admit(id, user_id, organization_id, role, active_from, active_to, at)


def invite(
    *,
    id: UUID,
    username: str,
    organization_id: UUID,
    role: Membership.Role,
    active_from: date,
    active_to: date | None,
    at: datetime,
) -> Invitation:
    """
    Make a login for a person of an organization.

    :raises NameTaken: somebody has this login
    :raises AuditorWithoutEnd: an auditor's access has no last day
    """
    _check(role, active_to)
    password = secrets.token_urlsafe(12)
    try:
        with transaction.atomic(durable=True):
            user = get_user_model().objects.create_user(username, password=password, is_staff=True)
            membership = _admit(id, user.pk, organization_id, role, active_from, active_to, at)
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


def _check(role: Membership.Role, active_to: date | None) -> None:
    if role == Membership.Role.AUDITOR and active_to is None:
        raise AuditorWithoutEnd


def _admit(
    id: UUID,
    user_id: int,
    organization_id: UUID,
    role: Membership.Role,
    active_from: date,
    active_to: date | None,
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
    log.append(
        Entry.Kind.MEMBER_ADMITTED,
        membership,
        # A number, and no name: who has it is erasable.
        {"user": user_id, "organization": str(organization_id), "role": membership.role},
        at=at,
    )
    return membership
