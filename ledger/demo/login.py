"""The demo's way into the admin: one account, whose password this data folder made for itself."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import get_user_model

NAME = "demo"


def ensure() -> tuple[str, str]:
    """Return the name and the password; the account exists when this returns."""
    from ledger.settings import secret

    password = secret("LEDGER_DEMO_PASSWORD", settings.KEYS_DIR / "demo-password")[:16]
    users = get_user_model().objects
    user = users.filter(username=NAME).first() or users.create_superuser(NAME, password=password)
    if not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    return NAME, password
