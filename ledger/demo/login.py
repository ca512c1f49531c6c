"""The demo's ways in: the operator, the label, and an auditor; their passwords this data folder made for itself."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model

from ledger.demo.catalogue import key

OPERATOR = "demo"
LABEL = "demo-label"
AUDITOR = "demo-auditor"
AUDIT_DAYS = 30


def ensure() -> tuple[str, str]:
    """Return the operator's name and password; the account exists when this returns."""
    from ledger.settings import secret

    password = secret("LEDGER_DEMO_PASSWORD", settings.KEYS_DIR / "demo-password")[:16]
    users = get_user_model().objects
    user = users.filter(username=OPERATOR).first() or users.create_superuser(OPERATOR, password=password)
    _keep(user, password)
    return OPERATOR, password


def ensure_label(*, at: datetime) -> tuple[str, str]:
    """Return the name and password of the demo label's rights manager, admitted when this returns."""
    from ledger import membership
    from ledger.models import Membership
    from ledger.settings import secret

    password = secret("LEDGER_DEMO_LABEL_PASSWORD", settings.KEYS_DIR / "demo-label-password")[:16]
    user = get_user_model().objects.filter(username=LABEL).first()
    if user is None:
        invitation = membership.invite(
            id=UUID(key("membership of the label's rights manager")),
            username=LABEL,
            organization_id=UUID(key("label")),
            role=Membership.Role.RIGHTS_MANAGER,
            active_from=at.date(),
            active_to=None,
            at=at,
        )
        user = invitation.membership.user
    _keep(user, password)
    return LABEL, password


def ensure_auditor(*, at: datetime) -> tuple[str, str]:
    """
    Return the name and password of an auditor of the demo label: reads only, of this month and the last, for 30 days.

    Who comes back after that is let in anew, for another audit.
    """
    from ledger import access, membership
    from ledger.models import Membership
    from ledger.settings import secret

    password = secret("LEDGER_DEMO_AUDITOR_PASSWORD", settings.KEYS_DIR / "demo-auditor-password")[:16]
    user = get_user_model().objects.filter(username=AUDITOR).first()
    if user is None or not access.memberships(on=at.date(), at=at).filter(user=user.pk).exists():
        this = at.date().replace(day=1)
        last_day = at.date() + timedelta(days=AUDIT_DAYS)
        terms: dict[str, Any] = {
            "id": UUID(key(f"audit of the label from {at.date()}")),
            "organization_id": UUID(key("label")),
            "role": Membership.Role.AUDITOR,
            "active_from": at.date(),
            "active_to": last_day,
            "audit": membership.Audit(
                purpose="audit of the label, this month and the last",
                ends_at=datetime.combine(last_day, time(), UTC),
                parties=frozenset({UUID(key("label"))}),
                period_from=(this - timedelta(days=1)).replace(day=1),
                period_to=(this + timedelta(days=32)).replace(day=1),
            ),
            "at": at,
        }
        if user is None:
            user = membership.invite(username=AUDITOR, **terms).membership.user
        else:
            membership.admit(user_id=user.pk, **terms)
    _keep(user, password)
    return AUDITOR, password


def _keep(user: Any, password: str) -> None:
    if not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
