"""The demo's ways into the admin: the operator, and the label, whose passwords this data folder made for itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model

from ledger.demo.catalogue import key

OPERATOR = "demo"
LABEL = "demo-label"


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


def _keep(user: Any, password: str) -> None:
    if not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
